import 'reflect-metadata';
import { hasMethods } from '../../util/foreign.js';
import type { Probe } from '../../util/probe.js';

/** Whether an instance is the explorer that finds the decorated methods. */
export function isScheduleExplorer(instance: object): boolean {
  return hasMethods(instance, ['lookupSchedulers', 'wrapFunctionInTryCatchBlocks']);
}

/** The value of `SchedulerType.CRON` in the metadata of a method. */
const CRON = 1;

export const EXPLORER_OF_SCHEDULE: Probe<readonly object[]> = {
  name: 'ScheduleExplorer.lookupSchedulers() and wrapFunctionInTryCatchBlocks()',
  package: '@nestjs/schedule',
  ifMissing:
    'the jobs of @Cron, @Interval and @Timeout keep starting until they are cleared, and are not awaited',
  advice: 'Use @TrackTask() on them, so that they are awaited',
  isPresent: (instances) => instances.some(isScheduleExplorer),
};

export const METADATA_OF_SCHEDULE: Probe<object> = {
  name: 'the metadata SCHEDULER_TYPE and SCHEDULE_CRON_OPTIONS',
  package: '@nestjs/schedule',
  ifMissing:
    'a one-time job that becomes due while a shutdown is announced does not run after the application resumes',
  isPresent: (method) => {
    const type: unknown = Reflect.getMetadata('SCHEDULER_TYPE', method);
    return (
      typeof type === 'number' && (type !== CRON || Reflect.hasMetadata('SCHEDULE_CRON_OPTIONS', method))
    );
  },
};

export const CALLBACKS_OF_CRON_JOB: Probe<object> = {
  name: 'CronJob._callbacks',
  package: 'cron',
  ifMissing: 'cron jobs that were added by hand keep starting until they are stopped, and are not awaited',
  advice: 'Use BackgroundTasks.run() in them',
  isPresent: (job) => Array.isArray(Reflect.get(job, '_callbacks')),
};

/** All probes of scheduled jobs. */
export const SCHEDULE_PROBES: readonly Probe[] = [
  EXPLORER_OF_SCHEDULE,
  METADATA_OF_SCHEDULE,
  CALLBACKS_OF_CRON_JOB,
];
