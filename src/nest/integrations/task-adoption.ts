import { systemClock } from '../../util/clock.js';
import { blindSpotOfContainer } from '../lifecycle/check-container.js';
import { BlindSpot } from './blind-spot.js';
import { WORKERS_OF_EXPLORER } from './bull-probes.js';
import { isExplorer, isProcessor, isWorker } from './bull-worker.js';
import { BullWorkers } from './bull-workers.js';
import { adoptConsumers } from './consumer-adoption.js';
import { COMMANDS, trackCommand } from './commands.js';
import { CONSUMERS_PRIORITY } from './consumers.js';
import { isEventBus, trackCqrs } from './cqrs-handlers.js';
import { COMMAND_BUS, EVENT_BUS, RESOLVER_OF_EVENT_BUS, SUBSCRIBER_OF_EVENTS } from './event-probes.js';
import { trackEventListeners } from './event-listeners.js';
import { EXPLORER_OF_SCHEDULE } from './schedule-probes.js';
import { ScheduledJobs } from './scheduled-jobs.js';
import { provideTasks } from '../decorators/track-task.decorator.js';
import { HOOKS_OF_TERMINUS } from './terminus-probes.js';
import type { ProbeCheck } from '../../util/probe.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { BackgroundTasks } from '../../tasks/background-tasks.js';
import type { HookHost } from '../lifecycle/hook-hosts.js';

/** Tracks work that instances in the container begin by themselves, in decorated methods or in Nest packages. */
export class TaskAdoption {
  readonly #tasks: BackgroundTasks;
  readonly #coordinator: PhasedCoordinator;
  readonly #probes: ProbeCheck;
  readonly #undo: (() => void)[] = [];

  constructor(tasks: BackgroundTasks, coordinator: PhasedCoordinator, probes: ProbeCheck) {
    this.#probes = probes;
    this.#tasks = tasks;
    this.#coordinator = coordinator;
  }

  /** Starts tracking. Call it before the first hook of these instances. */
  adopt(hosts: readonly HookHost[]): void {
    const tasks = this.#tasks;
    provideTasks(hosts, tasks);
    this.#checkEvents(hosts);
    this.#checkCommands(hosts);
    if (hosts.length > 0) this.#probes.check(HOOKS_OF_TERMINUS, hosts);
    this.#adoptSchedule(hosts);
    this.#adoptWorkers(hosts);
    const instances = hosts.map(({ instance }) => instance);
    this.#undo.push(
      ...adoptConsumers(instances, this.#coordinator, this.#probes),
      ...hosts.flatMap(({ instance }) => [
        ...trackEventListeners(instance, tasks),
        ...trackCqrs(instance, tasks),
        ...trackCommand(instance, tasks),
      ]),
    );
    this.#addBlindSpot('providers', blindSpotOfContainer(this.#probes));
  }

  /** Restores the instances. */
  dispose(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  #adoptSchedule(hosts: readonly HookHost[]): void {
    const jobs = new ScheduledJobs(this.#tasks, this.#probes);
    const isImported = imports('ScheduleModule', hosts);
    if (isImported) this.#probes.check(EXPLORER_OF_SCHEDULE, instancesOf(hosts));
    const undo = hosts.flatMap(({ instance }) => jobs.adopt(instance));
    this.#undo.push(...undo);
    if (!isImported && undo.length === 0) return;
    this.#coordinator.add({ participant: jobs, options: {}, registeredAt: '@nestjs/schedule' });
  }

  #adoptWorkers(hosts: readonly HookHost[]): void {
    const instances = instancesOf(hosts);
    const sources = instances.filter((instance) => isWorker(instance) || isExplorer(instance));
    const hasProcessors = imports('BullModule', hosts) && instances.some(isProcessor);
    if (hasProcessors) this.#probes.check(WORKERS_OF_EXPLORER, instances);
    if (!hasProcessors && sources.length === 0) return;
    const workers = new BullWorkers(instances, systemClock, this.#probes);
    this.#undo.push(() => workers.dispose());
    const { participant } = workers;
    const options = { priority: CONSUMERS_PRIORITY };
    this.#coordinator.add({ participant, options, registeredAt: 'bullmq', cutsAtOnce: true });
  }

  #checkEvents(hosts: readonly HookHost[]): void {
    const probes = this.#probes;
    const instances = instancesOf(hosts);
    if (imports('EventEmitterModule', hosts)) {
      probes.check(SUBSCRIBER_OF_EVENTS, instances);
      this.#addBlindSpot('event listeners', probes.missing(SUBSCRIBER_OF_EVENTS));
    }
    if (imports('CqrsModule', hosts)) {
      probes.check(EVENT_BUS, instances);
      probes.check(COMMAND_BUS, instances);
      for (const bus of instances.filter(isEventBus)) probes.check(RESOLVER_OF_EVENT_BUS, bus);
      this.#addBlindSpot('event handlers', probes.missing(EVENT_BUS, RESOLVER_OF_EVENT_BUS, COMMAND_BUS));
    }
  }

  #checkCommands(hosts: readonly HookHost[]): void {
    if (!imports('CommandRunnerModule', hosts)) return;
    this.#probes.check(COMMANDS, instancesOf(hosts));
    this.#addBlindSpot('commands', this.#probes.missing(COMMANDS));
  }

  #addBlindSpot(name: string, why: string | undefined): void {
    if (why === undefined) return;
    const participant = new BlindSpot(name, why);
    this.#coordinator.add({ participant, options: {}, registeredAt: 'GracefulShutdownModule' });
  }
}

/** Whether the application imports a module, compared by class name: it may have its own copy of the package. */
function imports(moduleName: string, hosts: readonly HookHost[]): boolean {
  return hosts.some((host) => host.moduleName === moduleName);
}

function instancesOf(hosts: readonly HookHost[]): object[] {
  return hosts.map(({ instance }) => instance);
}
