import { spawn, type ChildProcess } from 'node:child_process';
import { commandName } from './command-name.js';
import { ProcessFamily } from './process-family.js';
import { RehearsalError } from './rehearsal-error.js';
import type { RunningProcess } from './process-table.js';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What an application is started with. */
export interface ApplicationOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Variables beside those that it inherits; `undefined` for one that it does not inherit. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Is given what it prints, as it comes. */
  readonly onOutput: (text: string) => void;
}

/** How long a process may outlive the one that started it, in milliseconds: both may be ending at the same time. */
const LINGERING_MS = 500;
const POLL_MS = 50;

/** How long the end of killed processes is waited for: one that waits for a disk can take any time. */
const KILLING_MS = 5_000;

/** An application that runs in a process group of its own. Nothing of it is left when this is disposed of. */
export class Application implements AsyncDisposable {
  readonly name: string;
  /** Settles when the process that was started is gone. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #family: ProcessFamily;
  readonly #killAll = (): void => this.#family.kill();
  #findsPortTaken = false;
  #exit: Exit | undefined;

  private constructor({ command, onOutput }: ApplicationOptions, child: ChildProcess, pid: number) {
    this.name = commandName(command);
    this.#child = child;
    this.#family = new ProcessFamily(pid);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#findsPortTaken ||= text.includes('EADDRINUSE');
        onOutput(text);
      });
    }
    // For an end of this process that leaves no time for disposal.
    process.on('exit', this.#killAll);
  }

  /** Starts it; rejects with a {@link RehearsalError} if there is no such command. */
  static start(options: ApplicationOptions): Promise<Application> {
    const [program = '', ...args] = options.command;
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...options.env },
      });
      child.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(program, error)));
      child.once('spawn', () => resolve(new Application(options, child, child.pid!)));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it has printed that a port is taken. */
  get findsPortTaken(): boolean {
    return this.#findsPortTaken;
  }

  /** How it ended, if it has. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Sends a signal to the process that was started, as platforms do. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills everything that it started, as platforms do when the grace period is over. */
  kill(): void {
    this.#family.kill();
  }

  /** Returns its processes. */
  processes(): Promise<readonly RunningProcess[]> {
    return this.#family.members();
  }

  /** Returns the processes that have not ended with it, shortly after its end. */
  async leftBehind(): Promise<readonly RunningProcess[]> {
    const until = performance.now() + LINGERING_MS;
    for (;;) {
      const left = await this.#family.members();
      if (left.length === 0 || performance.now() > until) return left;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const until = performance.now() + KILLING_MS;
    try {
      // A process that is being started while others are killed is found the next time.
      while ((await this.#family.members()).length > 0 && performance.now() < until) {
        this.#family.kill();
        await new Promise((resolve) => setTimeout(resolve, POLL_MS / 5));
      }
    } catch (error) {
      // Those that are known already must not stay because others cannot be found.
      this.#family.kill();
      throw error;
    }
    await this.exited;
    process.off('exit', this.#killAll);
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.destroy();
  }
}

function notStarted(program: string, { code, message }: NodeJS.ErrnoException): RehearsalError {
  if (code === 'ENOENT') {
    return new RehearsalError(`there is no command ${program}: check its spelling, or give its path`);
  }
  if (code === 'EACCES') {
    return new RehearsalError(
      `${program} cannot be executed: put its interpreter first, as in node ${program}`,
    );
  }
  return new RehearsalError(`${program} could not be started: ${message}`);
}
