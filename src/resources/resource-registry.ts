import { nearestName } from '../util/nearest-name.js';
import { isObject } from '../util/foreign.js';
import { show } from '../config/problem.js';
import { callSite } from '../util/call-site.js';
import { ShutdownError } from '../core/errors.js';
import { hasBegun } from '../core/phase.js';
import { findCloser } from './find-closer.js';
import { cycleThrough, releaseOrder } from './release-order.js';
import { Resource } from './resource.js';
import { ResourceRelease } from './resource-release.js';
import { problemWithResourceOptions } from './resource-problem.js';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { ResourceInfo, ResourceOptions } from './resource-options.js';

/** What the registry needs of the program that it is part of. */
export interface ResourceRegistryDependencies {
  readonly clock: Clock;
  readonly coordinator: PhasedCoordinator;
  readonly logger: ShutdownLogger;
  /** What closing a resource may take that has no timeout of its own. */
  readonly resourceTimeoutMs: number;
  readonly probes: ProbeCheck;
}

/** Lower than any participant's: whoever takes part in the shutdown may still use the resources. */
const LAST = -Number.MAX_VALUE;

const PARTICIPANTS = { release: 'resources', flush: 'telemetry and loggers' } as const;

/**
 * What has to be closed when the application shuts down: databases, caches, clients, queues, telemetry, loggers.
 *
 * They are closed after Nest's hooks and every participant, group by group, each at most once, timed and reported by
 * name. What somebody else has closed by then is left alone.
 */
export class ResourceRegistry {
  readonly #dependencies: ResourceRegistryDependencies;
  readonly #resources = new Map<string, Resource>();
  readonly #phases = new Set<Resource['phase']>();
  #isBootstrapped = false;

  /** @internal */
  constructor(dependencies: ResourceRegistryDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Has a resource closed by the shutdown.
   *
   * @param name shown in logs, metrics and the report; unique among resources
   * @returns a function that takes it out again, for one that is closed earlier
   * @throws {ShutdownError} for an empty or duplicate name, a resource that is registered already, wrong options, no
   *   way to close it or several, a cycle of `after`, or when its phase has begun
   */
  register<R extends object>(name: string, resource: R, options: ResourceOptions<R> = {}): () => void {
    return this.add(name, resource, options as unknown as ResourceOptions, callSite(this, 'register'));
  }

  /**
   * {@link register} with the place spelled out.
   *
   * @internal
   */
  add(name: string, object: object, options: ResourceOptions, registeredAt: string): () => void {
    const resource = this.#resourceFrom(name, object, options, registeredAt);
    this.#takePart(resource);
    this.#resources.set(name, resource);
    if (this.#isBootstrapped) this.#warnOfUnknown(resource);
    return () => {
      if (this.#resources.get(name) === resource) this.#resources.delete(name);
    };
  }

  /** What is registered, in the order of registration. */
  registered(): ResourceInfo[] {
    return Array.from(this.#resources.values(), ({ info }) => info);
  }

  /** To be called when everything is there: from now on, what is to be closed after something unknown is warned about. */
  markBootstrapped(): void {
    this.#isBootstrapped = true;
    for (const resource of this.#resources.values()) this.#warnOfUnknown(resource);
  }

  #warnOfUnknown({ name, after, registeredAt }: Resource): void {
    for (const other of after.filter((candidate) => !this.#resources.has(candidate))) {
      const nearest = nearestName(other, [...this.#resources.keys()]);
      this.#dependencies.logger.warn(
        `resource ${name} (registered at ${registeredAt}) is to be closed after ${other}, which is not registered` +
          (nearest === undefined ? '' : `: did you mean ${nearest}?`),
      );
    }
  }

  #resourceFrom(name: string, object: object, options: ResourceOptions, registeredAt: string): Resource {
    const complain = (what: string): never => {
      throw new ShutdownError(
        'SHUTDOWN_OPTIONS_INVALID',
        `resource ${JSON.stringify(name)} (registered at ${registeredAt}) ${what}`,
      );
    };
    if (typeof name !== 'string' || name.trim() === '') {
      throw new ShutdownError(
        'SHUTDOWN_NAME_EMPTY',
        `a resource needs a name, got ${JSON.stringify(name)} (registered at ${registeredAt}): ` +
          'give it one that an operator recognises in a log line',
      );
    }
    const twin =
      this.#resources.get(name) ?? [...this.#resources.values()].find((other) => other.object === object);
    if (twin) {
      throw new ShutdownError(
        'SHUTDOWN_NAME_DUPLICATE',
        `resource ${JSON.stringify(name)} (registered at ${registeredAt}) is ` +
          (twin.name === name ? 'not the only one of this name' : `registered as "${twin.name}"`) +
          ` (registered at ${twin.registeredAt}): ` +
          (twin.object === object ? 'register it once' : 'choose another name'),
      );
    }
    if (!isObject(object)) complain(`is ${show(object)}: register the object that has to be closed`);
    const problem = problemWithResourceOptions(options);
    if (problem !== undefined) complain(problem);
    const closer = findCloser(object, options.close);
    if (typeof closer === 'string') return complain(closer);
    const { probes } = closer.client ?? {};
    for (const probe of probes ?? []) this.#dependencies.probes.check(probe, object);
    const { resourceTimeoutMs } = this.#dependencies;
    const resource = new Resource(name, object, closer, options, {
      timeoutMs: resourceTimeoutMs,
      registeredAt,
    });
    const cycle = cycleThrough(resource, this.#resources);
    if (cycle) complain(`would be closed after itself: ${cycle.join(' after ')}. Leave out one "after"`);
    return resource;
  }

  #takePart({ name, phase, registeredAt }: Resource): void {
    const { clock, coordinator, logger } = this.#dependencies;
    if (hasBegun(phase, coordinator.state)) {
      throw new ShutdownError(
        'SHUTDOWN_PHASE_BEGUN',
        `resource "${name}" (registered at ${registeredAt}) comes too late: the shutdown is in ${coordinator.state}, ` +
          'and resources are being closed. Close it yourself, or open it earlier',
      );
    }
    if (this.#phases.has(phase)) return;
    const groups = (wanted: Resource['phase']): Resource[][] =>
      releaseOrder([...this.#resources.values()], wanted);
    const release = new ResourceRelease(PARTICIPANTS[phase], phase, { clock, coordinator, logger, groups });
    coordinator.add({
      participant: release.participant,
      // What it does is bounded resource by resource.
      options: { priority: LAST, timeoutMs: { [phase]: Infinity } },
      registeredAt: 'ResourceRegistry',
      steps: release.steps,
    });
    this.#phases.add(phase);
  }
}
