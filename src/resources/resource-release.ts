import type { StepBounds } from '../core/execution.js';
import type { Clock } from '../util/clock.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ShutdownContext, ShutdownParticipant } from '../core/participant.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';
import type { Resource } from './resource.js';

/** The phases of a shutdown in which resources are closed. */
export type ReleasePhase = Exclude<Resource['phase'], 'afterwards'>;

/** Dependencies of {@link ResourceRelease}. */
export interface ResourceReleaseDependencies {
  readonly clock: Clock;
  readonly coordinator: PhasedCoordinator;
  readonly logger: ShutdownLogger;
  /** Returns the resources to close in a phase, in groups. */
  groups(this: void, phase: Resource['phase']): Resource[][];
}

/** Closes the resources of one phase, each as a step of its own. */
export class ResourceRelease {
  readonly participant: ShutdownParticipant;

  readonly #dependencies: ResourceReleaseDependencies;
  readonly #phase: ReleasePhase;

  constructor(name: string, phase: ReleasePhase, dependencies: ResourceReleaseDependencies) {
    this.#dependencies = dependencies;
    this.#phase = phase;
    this.participant = { name, [phase]: (context: ShutdownContext) => this.#run(context) };
  }

  /** Number of groups plus one, so that the last group is overtaken before the whole release is. */
  readonly steps = (): number => this.#dependencies.groups(this.#phase).length + 1;

  async #run(context: ShutdownContext): Promise<void> {
    const groups = this.#dependencies.groups(this.#phase);
    // Closes the rest at once, without order or waiting, so that every resource is attempted and reported.
    const closeTheRest = (): void => {
      for (const group of groups.splice(0)) void this.#close(group, 0, context);
    };
    context.signal.addEventListener('abort', closeTheRest, { once: true });
    for (let group = groups.shift(); group; group = groups.shift()) {
      await this.#close(group, groups.length, context);
    }
    context.signal.removeEventListener('abort', closeTheRest);
  }

  async #close(group: readonly Resource[], groupsToCome: number, context: ShutdownContext): Promise<void> {
    const share = { steps: 1, stepsToCome: groupsToCome + 1 };
    await Promise.all(
      group.map((resource) => {
        const run = ({ signal }: StepBounds): Promise<void> => this.#closeOne(resource, signal, context);
        return this.#dependencies.coordinator.perform(resource, run, share, resource.timeoutMs);
      }),
    );
  }

  async #closeOne(resource: Resource, signal: AbortSignal, context: ShutdownContext): Promise<void> {
    const { clock, logger } = this.#dependencies;
    const startedAt = clock.now();
    const giveUp = (): void => {
      const { name, busy = 0 } = resource;
      if (busy > 0) {
        const progress = `${busy} of its connections in use`;
        context.cut({ kind: 'resource', name, ageMs: clock.now() - startedAt, progress });
      }
      void resource.drop();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    const note = await resource.close(signal);
    if (note !== undefined) logger.debug?.(note);
  }
}
