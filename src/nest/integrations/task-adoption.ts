import { systemClock } from '../../util/clock.js';
import { BullWorkers, hasBullWorkers } from './bull-workers.js';
import { adoptConsumers } from './consumer-adoption.js';
import { trackCqrs } from './cqrs-handlers.js';
import { trackEventListeners } from './event-listeners.js';
import { ScheduledJobs } from './scheduled-jobs.js';
import { provideTasks } from '../decorators/track-task.decorator.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { BackgroundTasks } from '../../tasks/background-tasks.js';
import type { HookHost } from '../lifecycle/hook-hosts.js';

/** Work that instances in the container begin by themselves: by decorated methods, or as packages of the Nest family do. */
export class TaskAdoption {
  readonly #tasks: BackgroundTasks;
  readonly #coordinator: PhasedCoordinator;
  readonly #undo: (() => void)[] = [];

  constructor(tasks: BackgroundTasks, coordinator: PhasedCoordinator) {
    this.#tasks = tasks;
    this.#coordinator = coordinator;
  }

  /** Has that work tracked; to be called before the first hook of these instances. */
  adopt(hosts: readonly HookHost[]): void {
    const tasks = this.#tasks;
    provideTasks(hosts, tasks);
    const jobs = new ScheduledJobs(tasks);
    const undoJobs = hosts.flatMap(({ instance }) => jobs.adopt(instance));
    if (undoJobs.length > 0) {
      this.#coordinator.add({ participant: jobs, options: {}, registeredAt: '@nestjs/schedule' });
    }
    const withWorkers = hosts.map(({ instance }) => instance).filter(hasBullWorkers);
    if (withWorkers.length > 0) {
      const participant = new BullWorkers(withWorkers, systemClock);
      this.#coordinator.add({ participant, options: {}, registeredAt: 'bullmq', cutsAtOnce: true });
    }
    const instances = hosts.map(({ instance }) => instance);
    this.#undo.push(
      ...undoJobs,
      ...adoptConsumers(instances, this.#coordinator),
      ...hosts.flatMap(({ instance }) => [
        ...trackEventListeners(instance, tasks),
        ...trackCqrs(instance, tasks),
      ]),
    );
  }

  /** Leaves the instances as they were. */
  dispose(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}
