import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Application } from '../target/application.js';
import { describeExit } from '../target/exit-of.js';
import { RehearsalError } from '../target/rehearsal-error.js';

/** How long a balancer may take to do what it was told. */
const PATIENCE_MS = 10_000;
const POLL_MS = 10;
const KEPT_OUTPUT = 2_000;

/** A balancer that runs as a process, with its files in a temporary folder. Nothing of both is left when this is disposed of. */
export class BalancerProcess implements AsyncDisposable {
  readonly #name: string;
  readonly #folder: string;
  readonly #application: Application;
  #output = '';

  private constructor(name: string, folder: string, application: Application) {
    this.#name = name;
    this.#folder = folder;
    this.#application = application;
  }

  /**
   * Starts a program of this machine.
   *
   * @param argumentsIn writes its files into the folder, and returns its arguments
   * @throws {RehearsalError} if the program is not found
   */
  static async start(
    name: string,
    argumentsIn: (folder: string) => Promise<readonly string[]>,
  ): Promise<BalancerProcess> {
    const program = findProgram(name);
    const folder = await mkdtemp(join(tmpdir(), `nestjs-drain-${name}-`));
    try {
      const command = [program, ...(await argumentsIn(folder))];
      let started: BalancerProcess | undefined;
      const onOutput = (text: string): void => started?.note(text);
      started = new BalancerProcess(name, folder, await Application.start({ command, onOutput }));
      return started;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  note(text: string): void {
    this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
  }

  signal(signal: NodeJS.Signals): void {
    this.#application.signal(signal);
  }

  /** Waits until something holds; rejects with a {@link RehearsalError} if it does not in time, or the process ends. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (this.#application.exit || performance.now() > until) {
        const { exit } = this.#application;
        const how = exit ? `ended with ${describeExit(exit)}` : 'did not do what it was told';
        throw new RehearsalError(`${this.#name} ${how}: ${this.#output.trim() || 'it printed nothing'}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#application[Symbol.asyncDispose]();
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }
}

/** Servers are often in folders that only the PATH of root has, beside those of other programs. */
function findProgram(name: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const paths = [...folders, ...folders.map((folder) => folder.replace(/\/bin\/?$/, '/sbin'))].map((folder) =>
    join(folder, name),
  );
  const path = paths.find((candidate) => existsSync(candidate));
  if (path !== undefined) return path;
  throw new RehearsalError(
    `there is no ${name} on this machine: install it, on Debian and Ubuntu with apt-get install ${name}, or take --balancer builtin`,
  );
}
