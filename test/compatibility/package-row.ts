/** A row of `docs/compatibility.md`: a package, as applications meet it. Texts are Markdown. */
export interface PackageRow {
  /** Its name on npm. */
  readonly name: string;
  /** Other packages that belong to it, whose versions are on the page too. */
  readonly includes?: readonly string[];
  /** The names that it is installed by here, where they differ from its own. */
  readonly installedAs?: readonly string[];
  /** The package that loads it, where the specs do not. */
  readonly loadedBy?: string;
  /** What is done without a line of code. */
  readonly found: string;
  /** What the user writes. */
  readonly write: string;
  /** What cannot be had. */
  readonly limits: string;
  /** The labels of its clients in `KNOWN_CLIENTS`. */
  readonly clients?: readonly string[];
  /** How it is recognised, where it is not by the shape of those clients. */
  readonly recognisedBy?: string;
  /** The specs that run the real package, below `test/`. */
  readonly specs: readonly string[];
}

/** A section of the page. */
export interface PackageGroup {
  readonly title: string;
  readonly packages: readonly PackageRow[];
}
