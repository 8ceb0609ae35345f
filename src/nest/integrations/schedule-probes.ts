import 'reflect-metadata';
import { hasMethods } from '../../util/foreign.js';
import type { Probe } from '../../util/probe.js';

/** Whether it is what finds the decorated methods. */
export function isScheduleExplorer(instance: object): boolean {
  return hasMethods(instance, ['lookupSchedulers', 'wrapFunctionInTryCatchBlocks']);
}

/** The value of `SchedulerType.CRON` in the metadata of a method. */
const CRON = 1;

export const EXPLORER_OF_SCHEDULE: Probe<readonly object[]> = {
  name: 'ScheduleExplorer.lookupSchedulers() and wrapFunctionInTryCatchBlocks()',
  package: '@nestjs/schedule',
  ifMissing: 'the jobs of @Cron, @Interval and @Timeout begin until they are cleared, and are not awaited',
  advice: 'Put @TrackTask() on them: then they are awaited',
  isPresent: (instances) => instances.some(isScheduleExplorer),
};

export const METADATA_OF_SCHEDULE: Probe<object> = {
  name: 'the metadata SCHEDULER_TYPE and SCHEDULE_CRON_OPTIONS',
  package: '@nestjs/schedule',
  ifMissing:
    'a job that is due once, and while a shutdown is announced, is not made up for when that is undone',
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
  ifMissing: 'cron jobs that were added by hand begin until they are stopped, and are not awaited',
  advice: 'Have them run their work with BackgroundTasks.run()',
  isPresent: (job) => Array.isArray(Reflect.get(job, '_callbacks')),
};

/** All of these. */
export const SCHEDULE_PROBES: readonly Probe[] = [
  EXPLORER_OF_SCHEDULE,
  METADATA_OF_SCHEDULE,
  CALLBACKS_OF_CRON_JOB,
];
