/**
 * A private or undocumented part of Node or another package that this package relies on.
 *
 * Its texts appear in the warning "not recognised: {@link name} (package@version), so {@link ifMissing}".
 */
export interface Probe<Subject = never> {
  /** Name of the part: `ServerResponse._last`. */
  readonly name: string;
  /** Name of its package on npm; `node` for Node itself. */
  readonly package: string;
  /** What does not work without it. */
  readonly ifMissing: string;
  /** What the user can do about it. */
  readonly advice?: string;
  /** Returns whether it is present as expected; an error counts as missing. */
  isPresent(this: void, subject: Subject): boolean;
}

/** Dependencies of {@link ProbeCheck}. */
export interface ProbeCheckDependencies {
  /** Called once for each missing probe. */
  warn(this: void, message: string): void;
  /** Returns the installed version of a package, if it can be determined. */
  versionOf(this: void, packageName: string): string | undefined;
}

/** Checks probes and records which are missing. */
export class ProbeCheck {
  readonly #dependencies: ProbeCheckDependencies;
  readonly #warnings = new Map<Probe, string>();

  constructor(dependencies: ProbeCheckDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Checks a probe; warns the first time it is missing.
   *
   * @returns whether it is present
   */
  check<Subject>(probe: Probe<Subject>, subject: Subject): boolean {
    if (isPresent(probe, subject)) return true;
    if (!this.#warnings.has(probe)) {
      const warning = this.#describe(probe);
      this.#warnings.set(probe, warning);
      this.#dependencies.warn(probe.advice === undefined ? warning : `${warning}. ${probe.advice}`);
    }
    return false;
  }

  /** Returns the warning of the first of these probes that was found missing. */
  missing(...probes: readonly Probe[]): string | undefined {
    const found = probes.find((probe) => this.#warnings.has(probe));
    return found && this.#warnings.get(found);
  }

  #describe({ name, package: packageName, ifMissing }: Probe): string {
    const version = this.#dependencies.versionOf(packageName);
    const owner = version === undefined ? packageName : `${packageName}@${version}`;
    return `not recognised: ${name} (${owner}), so ${ifMissing}`;
  }
}

function isPresent<Subject>(probe: Probe<Subject>, subject: Subject): boolean {
  try {
    return probe.isPresent(subject);
  } catch {
    return false;
  }
}
