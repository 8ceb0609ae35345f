/** A row of `docs/compatibility.md`: a program that applications are run, built or observed with. Texts are Markdown. */
export interface ProgramRow {
  readonly name: string;
  readonly version: ProgramVersion;
  /** What is done without a line of code. */
  readonly found: string;
  /** What the user writes. */
  readonly write: string;
  /** What cannot be had. */
  readonly limits: string;
  /** The specs that run it, below `test/`. */
  readonly specs: readonly string[];
  /** What each of these specs, or a file that it imports, says to run it: `requireTool('tini')`. */
  readonly proof: string;
}

/** Where the version of a program is set: in a lock file, in a text as `esbuild@0.28`, or elsewhere. */
export type ProgramVersion =
  | { readonly package: string; readonly lockedIn: string }
  | { readonly package: string; readonly pinnedIn: string }
  | { readonly from: string };

/** A section of the page. */
export interface ProgramGroup {
  readonly title: string;
  readonly programs: readonly ProgramRow[];
}
