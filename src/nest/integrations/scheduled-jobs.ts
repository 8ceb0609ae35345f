import 'reflect-metadata';
import { isPromise } from 'node:util/types';
import { Logger } from '@nestjs/common';
import { messageOf } from '../../core/errors.js';
import { SafeLogger } from '../../report/safe-logger.js';
import { classNameOf, hasMethods } from '../../util/foreign.js';
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
type Track = (call: () => unknown) => unknown;

/** A job of `cron`, with the private callbacks of a tick; as in version 4, which Nest 11 and 12 use. */
interface CronJob {
  readonly runOnce?: boolean;
  _callbacks?: Job[];
}

interface SchedulerRegistry {
  getCronJobs(): ReadonlyMap<string, CronJob>;
}

/** A one-time job that became due during an announcement. */
interface MissedJob {
  readonly name: string;
  run(this: void): unknown;
}

/** The value of `SchedulerType.TIMEOUT` in the metadata of a method. */
const TIMEOUT = 2;

/**
 * The jobs of `@nestjs/schedule`: from the announcement on none starts, and running jobs are awaited.
 *
 * The package itself clears its timers in `beforeApplicationShutdown`, which is later and cannot be undone. During an
 * announcement the timers therefore keep ticking, without effect. Timers that were added to the registry by hand are
 * unaffected: Node calls their callbacks directly.
 */
export class ScheduledJobs implements ShutdownParticipant {
  readonly name = 'scheduled jobs';

  readonly #tasks: BackgroundTasks;
  readonly #probes: ProbeCheck;
  readonly #known = new WeakSet<Job>();
  readonly #logger = new SafeLogger(new Logger('GracefulShutdown'));
  readonly #missed: MissedJob[] = [];
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
    for (const job of this.#missed.splice(0)) {
      // A job may announce a shutdown again.
      if (this.#isPaused) this.#missed.push(job);
      else this.#catchUp(job);
    }
  }

  /**
   * Takes over the present and future jobs of an instance, if it belongs to the package. Call it before Nest calls its
   * `onModuleInit`.
   *
   * @returns functions that restore the instance; none if there is nothing to take over
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
      const name = `${classNameOf(instance)}.${(method as Job).name}`;
      const track = isTracked(method) ? (call: () => unknown) => call() : this.#trackAs(name);
      return this.#guard(name, job, track, () => isDueOnce(method as Job));
    });
  }

  #adoptRegistry(registry: SchedulerRegistry): (() => void)[] {
    for (const [name, job] of registry.getCronJobs()) this.#guardCron(name, job);
    return [
      overrideMethod(registry, 'addCronJob', (add) => (name, job) => {
        this.#guardCron(String(name), Object(job) as CronJob);
        return add(name, job);
      }),
    ];
  }

  #guardCron(name: string, job: CronJob): void {
    if (!this.#probes.check(CALLBACKS_OF_CRON_JOB, job) || !job._callbacks) return;
    job._callbacks = job._callbacks.map((callback) =>
      this.#guard(name, callback, this.#trackAs(name), () => job.runOnce === true),
    );
  }

  /** Errors are logged: the original caller has already returned as if the job had run. */
  #catchUp({ name, run }: MissedJob): void {
    const onFailed = (error: unknown): void =>
      this.#logger.error(`job ${name}, due during the announcement, failed: ${messageOf(error)}`);
    try {
      const result = run();
      if (isPromise(result)) result.catch(onFailed);
    } catch (error) {
      onFailed(error);
    }
  }

  #trackAs(name: string): Track {
    return (call) => this.#tasks.trackCall(name, call);
  }

  #guard(name: string, job: Job, track: Track, isDueOnce: () => boolean): Job {
    if (this.#known.has(job)) return job;
    const isPaused = (): boolean => this.#isPaused;
    const miss = (run: () => unknown): void => void this.#missed.push({ name, run });
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
