import { hasBegun } from '../core/phase.js';
import { trackCqrs } from './cqrs-handlers.js';
import { trackEventListeners } from './event-listeners.js';
import { ScheduledJobs } from './scheduled-jobs.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { BackgroundTasks } from '../tasks/background-tasks.js';
import type { HookHost } from './hook-hosts.js';

/** Work that packages of the Nest family begin by themselves, and do not wait for in a shutdown. */
export class ThirdPartyWork {
  readonly #undo: (() => void)[] = [];

  /** Takes charge of what these instances begin; to be called before the first of their hooks. */
  adopt(hosts: readonly HookHost[], tasks: BackgroundTasks, coordinator: PhasedCoordinator): void {
    const jobs = new ScheduledJobs(tasks);
    const undoJobs = hosts.flatMap(({ instance }) => jobs.adopt(instance));
    if (undoJobs.length > 0) register(jobs, coordinator);
    this.#undo.push(
      ...undoJobs,
      ...hosts.flatMap(({ instance }) => trackEventListeners(instance, tasks)),
      ...hosts.flatMap(({ instance }) => trackCqrs(instance, tasks)),
    );
  }

  /** Leaves the instances as they were. */
  dispose(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}

function register(jobs: ScheduledJobs, coordinator: PhasedCoordinator): void {
  const isAnnounced = hasBegun('announce', coordinator.state);
  if (isAnnounced) jobs.announce();
  const participant = isAnnounced ? { name: jobs.name, resume: () => jobs.resume() } : jobs;
  coordinator.add({ participant, options: {}, registeredAt: '@nestjs/schedule' });
}
