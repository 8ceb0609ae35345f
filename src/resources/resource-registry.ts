import { nearestName } from '../util/nearest-name.js';
import { isObject } from '../util/foreign.js';
import { show } from '../config/problem.js';
import { callSite } from '../util/call-site.js';
import { messageOf, ShutdownError } from '../core/errors.js';
import { milliseconds } from '../util/milliseconds.js';
import { hasBegun } from '../core/phase.js';
import { findCloser } from './find-closer.js';
import { cycleThrough, releaseOrder } from './release-order.js';
import { Resource } from './resource.js';
import { ResourceRelease } from './resource-release.js';
import { atMost } from '../util/at-most.js';
import { problemWithResourceOptions } from './resource-problem.js';
import type { Clock } from '../util/clock.js';
import type { ProbeCheck } from '../util/probe.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { ResourceInfo, ResourceOptions } from './resource-options.js';
import type { ReleasePhase } from './resource-release.js';

/** Dependencies of {@link ResourceRegistry}. */
export interface ResourceRegistryDependencies {
  readonly clock: Clock;
  readonly coordinator: PhasedCoordinator;
  readonly logger: ShutdownLogger;
  /** Time limit for closing a resource without its own timeout, in milliseconds. */
  readonly resourceTimeoutMs: number;
  readonly probes: ProbeCheck;
}

/** Lower than any participant's priority: participants may still use the resources. */
const LAST = -Number.MAX_VALUE;

const PARTICIPANTS = { release: 'resources', flush: 'telemetry' } as const;

/**
 * Registry of resources to close at shutdown: databases, caches, clients, queues, telemetry, loggers.
 *
 * They are closed after Nest's hooks and all participants, group by group, each at most once, timed and reported by
 * name. Resources that other code has already closed are skipped.
 */
export class ResourceRegistry {
  readonly #dependencies: ResourceRegistryDependencies;
  readonly #resources = new Map<string, Resource>();
  readonly #phases = new Set<ReleasePhase>();
  #isBootstrapped = false;

  /** @internal */
  constructor(dependencies: ResourceRegistryDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Registers a resource to be closed by the shutdown.
   *
   * @param name name in logs, metrics and the report; must be unique among resources
   * @returns a function that unregisters it, for a resource that is closed earlier
   * @throws {ShutdownError} for an empty or duplicate name, a resource that is already registered, invalid options, no
   *   way to close it or several, a cycle of `after`, or if its phase has begun
   */
  register<R extends object>(name: string, resource: R, options: ResourceOptions<R> = {}): () => void {
    return this.add(name, resource, options as unknown as ResourceOptions, callSite(this, 'register'));
  }

  /**
   * Registers a resource with an explicit source location; {@link register} derives it from the call.
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

  /** Returns the registered resources, in the order of registration. */
  registered(): ResourceInfo[] {
    return Array.from(this.#resources.values(), ({ info }) => info);
  }

  /** Called when the application has started; from then on, unknown names in `after` cause a warning. */
  markBootstrapped(): void {
    this.#isBootstrapped = true;
    for (const resource of this.#resources.values()) this.#warnOfUnknown(resource);
  }

  /** Returns the loggers, whose streams may still be writing when they are closed. */
  loggers(): object[] {
    return [...this.#resources.values()].filter(({ type }) => type === 'logger').map(({ object }) => object);
  }

  /**
   * Closes the loggers, and what is to be closed after them: when the outcome has been logged.
   *
   * @throws {AggregateError} if any could not be closed; all are attempted
   */
  async closeLoggers(): Promise<void> {
    const errors: unknown[] = [];
    for (const group of this.#groups('afterwards')) {
      const closed = await Promise.allSettled(group.map((resource) => this.#closeLogger(resource)));
      errors.push(
        ...closed.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
      );
    }
    if (errors.length > 0) throw new AggregateError(errors, errors.map(messageOf).join('; '));
  }

  async #closeLogger(resource: Resource): Promise<void> {
    const { name, timeoutMs } = resource;
    const abort = new AbortController();
    try {
      if (await atMost(this.#dependencies.clock, timeoutMs, resource.close(abort.signal))) return;
    } catch (error) {
      throw new Error(`${name} failed: ${messageOf(error)}`, { cause: error });
    }
    abort.abort();
    void resource.drop();
    throw new Error(`${name} was not closed within ${milliseconds(timeoutMs)}`);
  }

  readonly #groups = (phase: Resource['phase']): Resource[][] =>
    releaseOrder([...this.#resources.values()], phase);

  #warnOfUnknown({ name, after, registeredAt }: Resource): void {
    for (const other of after.filter((candidate) => !this.#resources.has(candidate))) {
      const nearest = nearestName(other, [...this.#resources.keys()]);
      this.#dependencies.logger.warn(
        `resource ${name} (registered at ${registeredAt}) must be closed after ${other}, which is not registered` +
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
          'use one that operators recognise in a log line',
      );
    }
    const twin =
      this.#resources.get(name) ?? [...this.#resources.values()].find((other) => other.object === object);
    if (twin) {
      throw new ShutdownError(
        'SHUTDOWN_NAME_DUPLICATE',
        `resource ${JSON.stringify(name)} (registered at ${registeredAt}) ` +
          (twin.name === name
            ? 'has the same name as another resource'
            : `is already registered as "${twin.name}"`) +
          ` (registered at ${twin.registeredAt}): ` +
          (twin.object === object ? 'register it once' : 'use another name'),
      );
    }
    if (!isObject(object)) complain(`is ${show(object)}: register the object to close`);
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
    if (phase === 'afterwards' ? coordinator.report !== undefined : hasBegun(phase, coordinator.state)) {
      throw new ShutdownError(
        'SHUTDOWN_PHASE_BEGUN',
        `resource "${name}" (registered at ${registeredAt}) is too late: the shutdown is in ${coordinator.state}, ` +
          'and resources are being closed. Close it in your code, or register it earlier',
      );
    }
    if (phase === 'afterwards' || this.#phases.has(phase)) return;
    const release = new ResourceRelease(PARTICIPANTS[phase], phase, {
      clock,
      coordinator,
      logger,
      groups: this.#groups,
    });
    coordinator.add({
      participant: release.participant,
      // Each resource has its own time limit.
      options: { priority: LAST, timeoutMs: { [phase]: Infinity } },
      registeredAt: 'ResourceRegistry',
      steps: release.steps,
    });
    this.#phases.add(phase);
  }
}
