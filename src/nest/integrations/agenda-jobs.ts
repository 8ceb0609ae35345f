import { hasMethods, isObject, read } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { Statements } from './statements.js';
import type { Consumer, HandBack } from './consumer.js';

interface JobState {
  readonly _id: unknown;
  readonly name: string;
  lockedAt?: Date | undefined;
  nextRunAt?: Date | null;
}

interface AgendaJob {
  readonly attrs: JobState;
}

/** The storage of an agenda's jobs, which its backends implement. */
interface Repository {
  getNextJobToRun(...args: unknown[]): Promise<JobState | undefined>;
  unlockJobs(ids: readonly unknown[]): Promise<void>;
  saveJobState(job: JobState, options?: object): Promise<void>;
}

interface Agenda {
  readonly db: Repository;
  start(): Promise<void>;
  stop(closeConnection?: boolean): Promise<void>;
  on(event: 'start' | 'complete', listener: (job: AgendaJob, isRemote?: boolean) => void): unknown;
  off(event: 'start' | 'complete', listener: (job: AgendaJob, isRemote?: boolean) => void): unknown;
}

const METHODS_OF_REPOSITORY = ['getNextJobToRun', 'unlockJobs', 'saveJobState'];

/** Returns whether an instance is an agenda, of a version with backends. */
export function isAgenda(instance: object): instance is Agenda {
  if (!hasMethods(instance, ['define', 'every', 'schedule', 'now', 'start', 'stop', 'drain'])) return false;
  const repository = read(instance, 'db');
  return isObject(repository) && hasMethods(repository, METHODS_OF_REPOSITORY);
}

/**
 * The jobs of an agenda. It cannot be paused, so it is stopped at the announcement, and started again on a resume. The stop
 * keeps its connection open, and unlocks jobs that it has locked and not begun.
 */
export class AgendaConsumer implements Consumer {
  readonly kind = 'job';

  readonly #agenda: Agenda;
  /** The original methods. */
  readonly #start: Agenda['start'];
  readonly #stop: Agenda['stop'];
  readonly #saveJobState: Repository['saveJobState'];
  readonly #running = new Map<string, AgendaJob>();
  readonly #handedBack = new Set<string>();
  readonly #statements = new Statements(() => this.#running.size > 0);
  #isStarted = false;
  #isPaused = false;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
    this.#start = agenda.start.bind(agenda);
    this.#stop = agenda.stop.bind(agenda);
    this.#saveJobState = agenda.db.saveJobState.bind(agenda.db);
  }

  /** Returns functions that restore the instance. */
  watch(): (() => void)[] {
    const onStart = (job: AgendaJob, isRemote = false): void => {
      if (!isRemote) this.#running.set(String(job.attrs._id), job);
    };
    const onComplete = (job: AgendaJob, isRemote = false): void => {
      if (isRemote || !this.#running.delete(String(job.attrs._id))) return;
      this.#statements.changed();
    };
    this.#agenda.on('start', onStart);
    this.#agenda.on('complete', onComplete);
    return [
      () => void this.#agenda.off('start', onStart),
      () => void this.#agenda.off('complete', onComplete),
      ...this.#watchInstance(),
      ...this.#watchRepository(this.#agenda.db),
    ];
  }

  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#stop(false);
  }

  async resume(): Promise<void> {
    this.#isPaused = false;
    if (this.#isStarted) await this.#start();
  }

  idle(): Promise<void> {
    return this.#statements.quiet();
  }

  unfinished(): string[] {
    return Array.from(this.#running.values(), nameOf);
  }

  async handBack(): Promise<HandBack[]> {
    return Promise.all(Array.from(this.#running.values(), (job) => this.#handBackOne(job)));
  }

  /** The agenda's own stop waits for nothing. */
  abandon(): void {}

  /** Stops the agenda as if it had not been paused: only then does it close its connection. */
  async close(): Promise<void> {
    await this.#agenda.stop();
  }

  #watchInstance(): (() => void)[] {
    return [
      overrideMethod(this.#agenda, 'start', (start) => async () => {
        this.#isStarted = true;
        if (!this.#isPaused) await start();
      }),
      ...['stop', 'drain'].map((method) =>
        overrideMethod(this.#agenda, method, (stop) => async (...args) => {
          if (this.#isStarted && this.#isPaused) await this.#start();
          this.#isStarted = false;
          return stop(...args);
        }),
      ),
    ];
  }

  #watchRepository(repository: Repository): (() => void)[] {
    return [
      overrideMethod(repository, 'getNextJobToRun', (fetch) => (...args) => {
        this.#isStarted = true;
        return this.#isPaused
          ? Promise.resolve()
          : this.#statements.send(() => this.#fetch(fetch as Repository['getNextJobToRun'], args));
      }),
      overrideMethod(repository, 'saveJobState', (save) => (job, ...rest) => {
        // The job was handed back, so its state must not be written any more.
        if (this.#handedBack.has(String((job as JobState)._id))) return Promise.resolve();
        return this.#statements.send(() => save(job, ...rest));
      }),
    ];
  }

  /** Unlocks a job that a statement in progress at the announcement finds. It would stay locked until its lock expires. */
  async #fetch(fetch: Repository['getNextJobToRun'], args: unknown[]): Promise<JobState | undefined> {
    const job = await fetch(...args);
    if (!job || !this.#isPaused) return job;
    await this.#agenda.db.unlockJobs([job._id]);
    return undefined;
  }

  async #handBackOne(job: AgendaJob): Promise<HandBack> {
    const name = nameOf(job);
    const id = String(job.attrs._id);
    try {
      job.attrs.nextRunAt = new Date();
      this.#handedBack.add(id);
      await this.#saveJobState({ ...job.attrs, lockedAt: undefined });
      this.#running.delete(id);
      return { name };
    } catch (error) {
      this.#handedBack.delete(id);
      return { name, error };
    }
  }
}

function nameOf({ attrs }: AgendaJob): string {
  return `${String(attrs._id)} of ${attrs.name}`;
}
