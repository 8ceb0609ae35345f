import { classNameOf, hasMethods, read } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { isTracked } from '../decorators/track-task.decorator.js';
import type { Probe } from '../../util/probe.js';
import type { BackgroundTasks } from '../../tasks/background-tasks.js';

export const COMMANDS: Probe<readonly object[]> = {
  name: 'CommandRunner.run() and setCommand()',
  package: 'nest-commander',
  ifMissing: 'commands are not awaited',
  advice: 'Use @TrackTask() on their run()',
  isPresent: (instances) => instances.some(isCommand),
};

/** All probes of nest-commander. */
export const COMMAND_PROBES: readonly Probe[] = [COMMANDS];

/**
 * Tracks the commands of `nest-commander`. Call it before they run.
 *
 * @returns functions that restore the instance; none if it is not a command
 */
export function trackCommand(instance: object, tasks: BackgroundTasks): (() => void)[] {
  if (!isCommand(instance) || isTracked(read(instance, 'run'))) return [];
  const name = `${classNameOf(instance)}.run`;
  return [
    overrideMethod(
      instance,
      'run',
      (run) =>
        (...args) =>
          tasks.trackCall(name, () => run(...args)),
    ),
  ];
}

function isCommand(instance: object): boolean {
  return hasMethods(instance, ['run', 'setCommand']);
}
