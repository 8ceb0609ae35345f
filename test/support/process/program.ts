import {
  spawn,
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  type Serializable,
} from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The folder of the repository, with a slash at its end. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface StartOptions {
  /** The whole environment, but for PATH: nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Which Nest the program gets; 11.0 is the oldest that is supported. Default: 12. */
  readonly nest?: 11 | 12 | '11.0';
  /** Options for node itself. */
  readonly execArgv?: readonly string[];
  /** The command that runs a program. Default: this Node. */
  readonly runtime?: readonly string[];
  /** Default: the root of the repository. */
  readonly cwd?: string;
  /** A command that runs it, with its arguments: for example `['nice']`. Default: none. */
  readonly under?: readonly string[];
  /** Whether it runs in a terminal of its own, which `Program.type` types into. Default: not. */
  readonly terminal?: boolean;
  /** Whether it has a stdin, which `Program.type` writes to. Default: only in a terminal. */
  readonly input?: boolean;
  /** Whether it can talk with this process: see `Program.send`. Default: not. */
  readonly ipc?: boolean;
}

/** One line of JSON with an `event`, printed by a program. */
export type ProgramEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Everything that it printed, to stdout and stderr, in order of arrival. */
  readonly output: string;
}

interface Waiter {
  tryToSettle(): boolean;
  reject(error: Error): void;
}

/** A compiled program of `dist-test`, running as a child process. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #events: ProgramEvent[] = [];
  readonly #waiters = new Set<Waiter>();
  #output = '';
  #over = false;
  /** Settles when the process is gone and all that it printed has been read; rejects when it could not be spawned. */
  readonly exited: Promise<ProgramExit>;
  /** Settles when the process is gone, whether or not anybody reads what it printed. */
  readonly gone: Promise<Omit<ProgramExit, 'output'>>;
  /** Read by this class, unless a test pauses or destroys it. */
  readonly stdout: Readable;

  constructor(
    name: string,
    command: string,
    args: readonly string[],
    options: { cwd: string; env: NodeJS.ProcessEnv; ipc?: boolean; input?: boolean },
  ) {
    this.#name = name;
    const { cwd, env, ipc = false, input = false } = options;
    this.#child = spawn(command, args, {
      cwd,
      env,
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe', ipc ? 'ipc' : 'ignore'],
    });
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => resolve({ code, signal, output: this.#output }));
    });
    this.gone = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    this.exited.then(
      ({ code, signal }) => this.#end(`${name} ended with ${signal ?? `code ${code}`}`),
      (error: unknown) => this.#end(`${name} could not be started: ${String(error)}`),
    );
    const { stdout, stderr } = this.#child as ChildProcessWithoutNullStreams;
    this.stdout = stdout;
    for (const stream of [stdout, stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        this.#output += chunk;
        this.#settleWaiters();
      });
    }
    createInterface({ input: stdout }).on('line', (line) => {
      const event = parseEvent(line);
      if (event) this.#events.push(event);
      this.#settleWaiters();
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it has printed so far, to stdout and stderr. */
  get output(): string {
    return this.#output;
  }

  /** The events that it has printed so far. */
  get events(): readonly ProgramEvent[] {
    return this.#events;
  }

  /**
   * Waits for the first event of that name that `matches`, printed before or after this call; rejects, with the
   * output, when the program ends first.
   */
  event(name: string, matches: (event: ProgramEvent) => boolean = () => true): Promise<ProgramEvent> {
    return this.#wait(`the event ${name}`, () =>
      this.#events.find((event) => event.event === name && matches(event)),
    );
  }

  /** Waits until what it printed matches; rejects, with the output, when the program ends first. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#wait(`output like ${pattern}`, () => pattern.exec(this.#output) ?? undefined);
  }

  signal(name: NodeJS.Signals): void {
    if (!this.#child.kill(name))
      throw new Error(`${this.#name} is gone already: no ${name} sent\n${this.#output}`);
  }

  /** Sends a message through the channel that `ipc` opened. */
  send(message: Serializable): void {
    this.#child.send(message);
  }

  /** Types into its stdin, which it has with `input`. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Ends its stdin. */
  endInput(): void {
    this.#child.stdin?.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited.catch(() => undefined);
  }

  #wait<T>(what: string, find: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        tryToSettle() {
          const found = find();
          if (found !== undefined) resolve(found);
          return found !== undefined;
        },
        reject: ({ message }) => reject(new Error(`${message} before ${what}\n${this.#output}`)),
      };
      if (waiter.tryToSettle()) return;
      this.#waiters.add(waiter);
      if (this.#over) this.#end(`${this.#name} had ended`);
    });
  }

  #settleWaiters(): void {
    for (const waiter of this.#waiters) if (waiter.tryToSettle()) this.#waiters.delete(waiter);
  }

  #end(message: string): void {
    this.#over = true;
    for (const waiter of this.#waiters) waiter.reject(new Error(message));
    this.#waiters.clear();
  }
}

function parseEvent(line: string): ProgramEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as Partial<ProgramEvent>;
    return typeof value.event === 'string' ? (value as ProgramEvent) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Optimised code does not pay off in programs that live for a second: it takes a quarter of their start. Nor do source
 * maps: Node reads those of every package.
 */
const FLAGS = ['--require', `${root}test/support/process/short-lived.cjs`];

/** Starts `dist-test/<program>.js`, for example `fixtures/http`. */
export function start(program: string, options: StartOptions = {}): Program {
  const folder = options.nest === 11 || options.nest === '11.0' ? `nest-${options.nest}` : undefined;
  const older = folder ? ['--import', `${root}dist-test/support/process/nest-11.js`] : [];
  const command = [
    ...(options.under ?? []),
    ...(options.runtime ?? [process.execPath, ...FLAGS]),
    ...older,
    ...(options.execArgv ?? []),
    `${root}dist-test/${program}.js`,
    ...(options.args ?? []),
  ];
  const terminal = options.terminal ?? false;
  const [file = process.execPath, ...args] = terminal
    ? inTerminal(`exec ${command.map((part) => `'${part}'`).join(' ')}`)
    : command;
  return new Program(program, file, args, {
    cwd: options.cwd ?? root,
    env: { PATH: process.env['PATH'], ...(folder && { NEST_FOLDER: folder }), ...options.env },
    ...(options.ipc && { ipc: true }),
    input: options.input ?? terminal,
  });
}

/** A command that runs a shell's command line in a terminal of its own, and ends with its exit code. */
export function inTerminal(line: string): string[] {
  return ['script', '--quiet', '--return', '--command', line, '/dev/null'];
}
