import { ShutdownError } from '../../../src/core/errors.js';
import { BackgroundTasks } from '../../../src/tasks/background-tasks.js';
import { setUp as setUpCoordinator } from '../core/coordinator-on-manual-clock.js';
import type { Setup as CoordinatorSetup } from '../core/coordinator-on-manual-clock.js';
import type { CoordinatorOptions } from '../../../src/core/coordinator-options.js';

export interface Setup extends CoordinatorSetup {
  readonly tasks: BackgroundTasks;
  /** What was logged as an error. */
  readonly errors: string[];
}

/** Background tasks that take part in the shutdown of a coordinator with ten seconds, of which two are reserved. */
export function setUp(options: Partial<CoordinatorOptions> = {}): Setup {
  const setup = setUpCoordinator(options);
  const { clock, coordinator } = setup;
  const errors: string[] = [];
  const tasks = new BackgroundTasks({
    clock,
    logger: { log: () => {}, warn: () => {}, error: (message) => void errors.push(String(message)) },
    signal: coordinator.signal,
    refusal: (name) => new ShutdownError('SHUTDOWN_TERMINATING', `${name} refused`),
  });
  coordinator.register(tasks.participant);
  return { ...setup, tasks, errors };
}
