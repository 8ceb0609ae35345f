import { hasMethods } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { Statements } from './statements.js';
import type { Consumer, HandBack } from './consumer.js';

interface BossJob {
  readonly id: string;
}

type Handler = (jobs: BossJob[], ...rest: unknown[]) => unknown;

interface Database {
  /** Whether pg-boss has opened the database; otherwise the application has. */
  readonly isOurs?: boolean;
  close?(): Promise<void>;
}

interface PgBoss {
  work(queue: string, ...args: unknown[]): Promise<string>;
  offWork(queue: string): Promise<void>;
  cancel(queue: string, ids: readonly string[]): Promise<unknown>;
  resume(queue: string, ids: readonly string[]): Promise<unknown>;
  getDb(): Database;
}

interface Registration {
  readonly queue: string;
  readonly args: readonly unknown[];
  /** Id of the worker in pg-boss, which changes with each resume. */
  id: string;
}

/** Returns whether an instance is a pg-boss. */
export function isPgBoss(instance: object): instance is PgBoss {
  return hasMethods(instance, ['work', 'offWork', 'send', 'cancel', 'resume', 'getDb']);
}

/**
 * The workers of a pg-boss. It cannot pause them, so they are removed at the announcement, and registered again on a
 * resume.
 */
export class PgBossConsumer implements Consumer {
  readonly kind = 'job';

  readonly #boss: PgBoss;
  /** The original methods of the instance. */
  #work: PgBoss['work'];
  #offWork: PgBoss['offWork'];
  readonly #registrations = new Map<string, Registration>();
  /** Jobs in progress, with their queues. */
  readonly #running = new Map<BossJob, string>();
  readonly #handedBack = new WeakSet<BossJob>();
  readonly #statements = new Statements(() => this.#running.size > 0);
  #isPaused = false;

  constructor(boss: PgBoss) {
    this.#boss = boss;
    this.#work = boss.work.bind(boss);
    this.#offWork = boss.offWork.bind(boss);
  }

  /** Call it before workers are registered; returns functions that restore the instance. */
  watch(): (() => void)[] {
    return [
      overrideMethod(
        this.#boss,
        'work',
        () =>
          (queue, ...args) =>
            this.#register(String(queue), args),
      ),
      overrideMethod(
        this.#boss,
        'offWork',
        (offWork) =>
          (...args) =>
            offWork(...args.map((arg) => this.#unregister(arg))),
      ),
      overrideMethod(
        this.#boss.getDb(),
        'executeSql',
        (execute) =>
          (...args) =>
            this.#statements.send(() => execute(...args)),
      ),
    ];
  }

  async pause(): Promise<void> {
    this.#isPaused = true;
    // Not awaited, because some versions also wait for the jobs of the worker.
    for (const queue of this.#queues()) void this.#offWork(queue).catch(() => undefined);
  }

  async resume(): Promise<void> {
    this.#isPaused = false;
    for (const registration of this.#registrations.values()) {
      registration.id = await this.#work(registration.queue, ...registration.args);
    }
  }

  idle(): Promise<void> {
    return this.#statements.quiet();
  }

  unfinished(): string[] {
    return Array.from(this.#running, ([{ id }, queue]) => `${id} of ${queue}`);
  }

  async handBack(): Promise<HandBack[]> {
    const running = [...this.#running];
    for (const [job] of running) this.#handedBack.add(job);
    const queues = [...new Set(running.map(([, queue]) => queue))];
    const results = await Promise.all(
      queues.map((queue) =>
        this.#handBackTo(
          queue,
          running.filter(([, other]) => other === queue).map(([job]) => job),
        ),
      ),
    );
    return results.flat();
  }

  /** The own stop of pg-boss waits for every handler, and then fails their jobs. */
  abandon(): void {
    const database = this.#boss.getDb();
    overrideMethod(this.#boss, 'stop', () => async () => {
      if (database.isOurs === true) await database.close?.();
    });
  }

  async #register(queue: string, args: readonly unknown[]): Promise<string> {
    const counted = args.map((arg) =>
      typeof arg === 'function' ? this.#counted(queue, arg as Handler) : arg,
    );
    const registration: Registration = { queue, args: counted, id: '' };
    registration.id = await this.#work(queue, ...counted);
    const { id } = registration;
    this.#registrations.set(id, registration);
    if (this.#isPaused) void this.#offWork(queue).catch(() => undefined);
    return id;
  }

  /** @returns the current id of the worker, if the argument is an id */
  #unregister(worker: unknown): unknown {
    if (typeof worker === 'string') {
      for (const [id, { queue }] of this.#registrations) if (queue === worker) this.#registrations.delete(id);
      return worker;
    }
    const { id } = Object(worker) as { id?: unknown };
    const registration = this.#registrations.get(String(id));
    if (!registration) return worker;
    this.#registrations.delete(String(id));
    return { ...Object(worker), id: registration.id };
  }

  #counted(queue: string, handler: Handler): Handler {
    return async (jobs, ...rest) => {
      const own = [jobs].flat();
      for (const job of own) this.#running.set(job, queue);
      try {
        return await handler(jobs, ...rest);
      } finally {
        // pg-boss must neither complete nor fail a job that was handed back, so this never settles.
        if (own.some((job) => this.#handedBack.has(job))) await new Promise(() => {});
        for (const job of own) this.#running.delete(job);
        this.#statements.changed();
      }
    };
  }

  /** Cancels and resumes the jobs, which counts no attempt and causes no delay. */
  async #handBackTo(queue: string, jobs: readonly BossJob[]): Promise<HandBack[]> {
    const ids = jobs.map(({ id }) => id);
    const names = ids.map((id) => `${id} of ${queue}`);
    try {
      await this.#boss.cancel(queue, ids);
      await this.#boss.resume(queue, ids);
      for (const job of jobs) this.#running.delete(job);
      return names.map((name) => ({ name }));
    } catch (error) {
      return names.map((name) => ({ name, error }));
    }
  }

  #queues(): Set<string> {
    return new Set(Array.from(this.#registrations.values(), ({ queue }) => queue));
  }
}
