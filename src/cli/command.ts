/** What a command prints, and its exit code. */
export interface CommandResult {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode: number;
}

/** A command of `nestjs-drain`. */
export interface Command {
  readonly name: string;
  /** What it does, on one line. */
  readonly summary: string;
  /** The text that `--help` prints. */
  readonly usage: string;
  /**
   * Runs it.
   *
   * @returns what it prints, with exit code 0, or how it ended
   * @throws {Error} if the arguments are wrong, or it cannot do what it is for
   */
  run(this: void, args: readonly string[]): string | Promise<CommandResult>;
}
