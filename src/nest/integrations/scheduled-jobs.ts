import 'reflect-metadata';
import { classNameOf, hasMethods } from '../../util/foreign-class.js';
import { overrideMethod } from '../../util/override-method.js';
import {
  CALLBACKS_OF_CRON_JOB,
  EXPLORER_OF_SCHEDULE,
  isScheduleExplorer,
  METADATA_OF_SCHEDULE,
} from './schedule-probes.js';
import { isTracked } from '../decorators/track-task.decorator.js';
import type { ShutdownParticipant } from '../../core/participant.js';
import type { ProbeCheck } from '../../util/probe.js';
import type { BackgroundTasks } from '../../tasks/background-tasks.js';

type Job = (this: unknown, ...args: unknown[]) => unknown;

/** What `cron` calls at a tick; private; as in its version 4, which Nest 11 and 12 have. */
interface CronJob {
  readonly runOnce?: boolean;
  _callbacks?: Job[];
}

/** What Node calls when a timer has elapsed; private, and the same in Node 20 to 26. */
interface NodeTimer {
  _onTimeout?: Job;
}

interface SchedulerRegistry {
  getCronJobs(): ReadonlyMap<string, CronJob>;
  getIntervals(): readonly string[];
  getInterval(name: string): NodeTimer;
  getTimeouts(): readonly string[];
  getTimeout(name: string): NodeTimer;
}

/** The value of `SchedulerType.TIMEOUT` in the metadata of a method. */
const TIMEOUT = 2;

/**
 * The jobs of `@nestjs/schedule`: none begins from the announcement on, and those that run are awaited.
 *
 * The package itself clears its timers in `beforeApplicationShutdown`, which is later and cannot be undone. So they go on
 * ticking while a shutdown is announced, and nothing comes of it.
 */
export class ScheduledJobs implements ShutdownParticipant {
  readonly name = 'scheduled jobs';

  readonly #tasks: BackgroundTasks;
  readonly #probes: ProbeCheck;
  readonly #known = new WeakSet<Job>();
  /** What was due once, while nothing could begin. */
  readonly #missed = new Set<() => unknown>();
  #isPaused = false;

  constructor(tasks: BackgroundTasks, probes: ProbeCheck) {
    this.#tasks = tasks;
    this.#probes = probes;
  }

  announce(): void {
    this.#isPaused = true;
  }

  drain(): void {
    const blindSpot = this.#probes.missing(EXPLORER_OF_SCHEDULE, CALLBACKS_OF_CRON_JOB);
    if (blindSpot !== undefined) throw new Error(blindSpot);
  }

  resume(): void {
    this.#isPaused = false;
    const missed = [...this.#missed];
    this.#missed.clear();
    for (const run of missed) run();
  }

  /**
   * Takes charge of the jobs that an instance has, or will have, if it is one of the package's; to be called before Nest
   * calls its `onModuleInit`.
   *
   * @returns functions that leave the instance as it was; none, if there is nothing to take charge of
   */
  adopt(instance: object): (() => void)[] {
    if (isScheduleExplorer(instance)) {
      return [this.#adoptDecoratedMethods(instance)];
    }
    if (hasMethods(instance, ['addCronJob', 'addInterval', 'addTimeout', 'getCronJobs'])) {
      return this.#adoptRegistry(instance as unknown as SchedulerRegistry);
    }
    return [];
  }

  #adoptDecoratedMethods(explorer: object): () => void {
    return overrideMethod(explorer, 'wrapFunctionInTryCatchBlocks', (wrap) => (method, instance) => {
      this.#probes.check(METADATA_OF_SCHEDULE, method as Job);
      const job = wrap(method, instance) as Job;
      const name = isTracked(method) ? undefined : `${classNameOf(instance)}.${(method as Job).name}`;
      return this.#guard(name, job, () => isDueOnce(method as Job));
    });
  }

  #adoptRegistry(registry: SchedulerRegistry): (() => void)[] {
    for (const [name, job] of registry.getCronJobs()) this.#guardCron(name, job);
    for (const name of registry.getIntervals()) this.#guardTimer(name, registry.getInterval(name), false);
    for (const name of registry.getTimeouts()) this.#guardTimer(name, registry.getTimeout(name), true);
    const guards: Record<string, (name: string, added: object) => void> = {
      addCronJob: (name, job) => this.#guardCron(name, job),
      addInterval: (name, timer) => this.#guardTimer(name, timer, false),
      addTimeout: (name, timer) => this.#guardTimer(name, timer, true),
    };
    return Object.entries(guards).map(([method, guard]) =>
      overrideMethod(registry, method, (add) => (name, added) => {
        guard(String(name), Object(added) as object);
        return add(name, added);
      }),
    );
  }

  #guardCron(name: string, job: CronJob): void {
    if (!this.#probes.check(CALLBACKS_OF_CRON_JOB, job) || !job._callbacks) return;
    job._callbacks = job._callbacks.map((callback) =>
      this.#guard(name, callback, () => job.runOnce === true),
    );
  }

  #guardTimer(name: string, timer: NodeTimer, isOnce: boolean): void {
    const { _onTimeout: callback } = timer;
    if (callback) timer._onTimeout = this.#guard(name, callback, () => isOnce);
  }

  /** @param name nothing, for a job that tracks itself */
  #guard(name: string | undefined, job: Job, isDueOnce: () => boolean): Job {
    if (this.#known.has(job)) return job;
    const isPaused = (): boolean => this.#isPaused;
    const miss = (run: () => unknown): void => void this.#missed.add(run);
    const track = (call: () => unknown): unknown =>
      name === undefined ? call() : this.#tasks.trackCall(name, call);
    const guarded: Job = function (...args) {
      const run = (): unknown => track(() => Reflect.apply(job, this, args));
      if (!isPaused()) return run();
      if (isDueOnce()) miss(run);
      return undefined;
    };
    this.#known.add(guarded);
    return guarded;
  }
}

function isDueOnce(method: Job): boolean {
  const cron = Reflect.getMetadata('SCHEDULE_CRON_OPTIONS', method) as { cronTime?: unknown } | undefined;
  return Reflect.getMetadata('SCHEDULER_TYPE', method) === TIMEOUT || cron?.cronTime instanceof Date;
}
