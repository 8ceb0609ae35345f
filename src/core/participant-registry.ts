import { ShutdownError } from './errors.js';
import { hasBegun, PHASES } from './phase.js';
import type { LifetimeEvent, ShutdownPhase, ShutdownState } from './phase.js';
import type { ParticipantOptions, ShutdownParticipant } from './participant.js';

/** A participant together with what was said when it was registered. */
export interface Registration {
  readonly participant: ShutdownParticipant;
  readonly options: ParticipantOptions;
  readonly registeredAt: string;
  /** Set for subscriptions to a lifetime event: one name may subscribe to both. */
  readonly event?: LifetimeEvent;
  /** How many sequential steps it stands for when time is shared out; default: 1. */
  readonly steps?: () => number;
}

const METHODS = [...PHASES, 'resume'] as const;

/** Who takes part. */
export class ParticipantRegistry {
  readonly #registrations = new Set<Registration>();

  /**
   * @throws {ShutdownError} when the registration is refused; the message says what would be allowed
   */
  add(registration: Registration, state: ShutdownState): () => void {
    this.#check(registration, state);
    this.#registrations.add(registration);
    return () => void this.#registrations.delete(registration);
  }

  /** Those with a method for `phase`, in the order of registration. */
  takingPartIn(phase: ShutdownPhase | 'resume'): Registration[] {
    return [...this.#registrations].filter(({ participant }) => typeof participant[phase] === 'function');
  }

  /** Unfinished pieces of work of all participants; one whose count throws counts as none. */
  countInFlight(): number {
    let total = 0;
    for (const { participant } of this.#registrations) {
      try {
        total += participant.inFlight?.() ?? 0;
      } catch {
        // Counting is for onlookers: it must not stop a shutdown.
      }
    }
    return total;
  }

  #check({ participant, registeredAt, event }: Registration, state: ShutdownState): void {
    const { name } = participant;
    if (typeof name !== 'string' || name.trim() === '') {
      throw new ShutdownError(
        'SHUTDOWN_NAME_EMPTY',
        `a shutdown participant needs a name, got ${JSON.stringify(name)} (registered at ${registeredAt}): ` +
          `give it one that an operator recognises in a log line`,
      );
    }
    const twin = [...this.#registrations].find(
      (other) =>
        other.participant.name === name &&
        (event === undefined || other.event === undefined || other.event === event),
    );
    if (twin) {
      throw new ShutdownError(
        'SHUTDOWN_NAME_DUPLICATE',
        `shutdown participant "${name}" (registered at ${registeredAt}) has the name of the one registered at ` +
          `${twin.registeredAt}: choose another name, or unregister the first`,
      );
    }
    const methods = METHODS.filter((method) => typeof participant[method] === 'function');
    if (methods.length === 0) {
      throw new ShutdownError(
        'SHUTDOWN_PARTICIPANT_EMPTY',
        `shutdown participant "${name}" (registered at ${registeredAt}) takes part in nothing: ` +
          `implement at least one of ${METHODS.join(', ')}`,
      );
    }
    const begun = PHASES.filter((phase) => methods.includes(phase) && hasBegun(phase, state));
    if (begun.length > 0) {
      const open = PHASES.filter((phase) => !hasBegun(phase, state));
      throw new ShutdownError(
        'SHUTDOWN_PHASE_BEGUN',
        `shutdown participant "${name}" (registered at ${registeredAt}) comes too late for ${begun.join(', ')}: ` +
          (open.length > 0
            ? `the shutdown is in ${state}; register for ${open.join(', ')}, or earlier`
            : `the shutdown is over`),
      );
    }
  }
}
