/**
 * Something private or undocumented of Node or of another package that this one relies on.
 *
 * Read with the warning in mind: "not recognised: {@link name} (package@version), so {@link ifMissing}".
 */
export interface Probe<Subject = never> {
  /** What it is: `ServerResponse._last`. */
  readonly name: string;
  /** Whose it is, as npm calls it; `node` for Node itself. */
  readonly package: string;
  /** What is off without it. */
  readonly ifMissing: string;
  /** What the user can do about that. */
  readonly advice?: string;
  /** Whether it is there as expected; one that throws is missing. */
  isPresent(this: void, subject: Subject): boolean;
}

/** What checking probes needs. */
export interface ProbeCheckDependencies {
  /** Hears of each probe that is missing, once. */
  warn(this: void, message: string): void;
  /** The version of a package that the program runs on, where it can be told. */
  versionOf(this: void, packageName: string): string | undefined;
}

/** Looks at probes, and remembers which are missing. */
export class ProbeCheck {
  readonly #dependencies: ProbeCheckDependencies;
  readonly #warnings = new Map<Probe, string>();

  constructor(dependencies: ProbeCheckDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Warns of a probe that is missing, the first time that it is.
   *
   * @returns whether it is present
   */
  check<Subject>(probe: Probe<Subject>, subject: Subject): boolean {
    if (holds(probe, subject)) return true;
    if (!this.#warnings.has(probe)) {
      const warning = this.#describe(probe);
      this.#warnings.set(probe, warning);
      this.#dependencies.warn(probe.advice === undefined ? warning : `${warning}. ${probe.advice}`);
    }
    return false;
  }

  /** Why something cannot be seen: the first of these probes that was found missing, in words. */
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

function holds<Subject>(probe: Probe<Subject>, subject: Subject): boolean {
  try {
    return probe.isPresent(subject);
  } catch {
    return false;
  }
}
