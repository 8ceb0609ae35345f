import { readFile } from 'node:fs/promises';
import { describeExit } from '../target/exit-of.js';
import { ifGone } from '../target/if-gone.js';
import { RehearsalError } from '../target/rehearsal-error.js';
import type { Application, Exit } from '../target/application.js';
import type { WorkerNews } from './worker-news.js';

const POLL_MS = 20;

/** A worker of `node:cluster`. */
export interface Worker {
  readonly pid: number;
  /** Process id of its primary. */
  readonly primary: number;
  /** The ports that it listens on, each with when it began to, in the milliseconds of `performance.now()`. */
  readonly ports: ReadonlyMap<number, number>;
  /** Once it has ended. */
  readonly exit?: Exit & { readonly at: number };
}

type KnownWorker = { -readonly [Key in keyof Worker]: Worker[Key] } & { readonly ports: Map<number, number> };

/** The workers of an application, by what their primary process tells. */
export class Workers {
  readonly #application: Application;
  readonly #file: string;
  readonly #port: number;
  readonly #workers = new Map<string, KnownWorker>();
  #linesRead = 0;
  #changedAt = performance.now();

  /**
   * @param file has a line of {@link WorkerNews} for each event
   * @param port where clients send their requests
   */
  constructor(application: Application, file: string, port: number) {
    this.#application = application;
    this.#file = file;
    this.#port = port;
  }

  /** When something happened last to a worker, in the milliseconds of `performance.now()`. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** All workers so far. */
  get all(): readonly Worker[] {
    return [...this.#workers.values()];
  }

  /** Those that have not ended. */
  get running(): readonly Worker[] {
    return this.all.filter(({ exit }) => exit === undefined);
  }

  /** Those that have not ended and listen. */
  get serving(): readonly Worker[] {
    return this.running.filter((worker) => this.listensSince(worker) !== undefined);
  }

  /** When a worker began to listen where the requests go; where no worker listens on that port itself, on any. */
  listensSince({ ports }: Worker): number | undefined {
    const isOwnPort = this.all.some((worker) => worker.ports.has(this.#port));
    return isOwnPort ? ports.get(this.#port) : ports.values().next().value;
  }

  /**
   * Waits until there is something to return.
   *
   * @returns `undefined` if there is not in time
   * @throws {RehearsalError} if the application ends meanwhile
   */
  async until<Result>(find: () => Result | undefined, timeoutMs: number): Promise<Result | undefined> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      await this.#read();
      const found = find();
      if (found !== undefined || performance.now() > until) return found;
      const { exit, name } = this.#application;
      if (exit) {
        throw new RehearsalError(
          `${name} ended with ${describeExit(exit)} while its workers were restarted: a primary process has to outlive them, and to fork another one for each that ends`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #read(): Promise<void> {
    // It is not there before the first line, and after the end.
    const text = await readFile(this.#file, 'utf8').catch(ifGone(''));
    const lines = text.split('\n').slice(0, -1);
    for (const line of lines.slice(this.#linesRead)) this.#note(JSON.parse(line) as WorkerNews);
    this.#linesRead = Math.max(this.#linesRead, lines.length);
  }

  #note({ event, primary, id, pid, port, code = null, signal = null }: WorkerNews): void {
    const key = `${primary} ${id}`;
    const at = performance.now();
    const worker: KnownWorker = this.#workers.get(key) ?? { pid, primary, ports: new Map() };
    this.#workers.set(key, worker);
    this.#changedAt = at;
    if (event === 'listening' && port !== undefined && !worker.ports.has(port)) worker.ports.set(port, at);
    if (event === 'exit') worker.exit = { code, signal, at };
  }
}
