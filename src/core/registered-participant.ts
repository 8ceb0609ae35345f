import { ShutdownError } from './errors.js';
import { hasBegun, PHASES } from './phase.js';
import type { ParticipantOptions, ShutdownParticipant, Statistics } from './participant.js';
import type { LifetimeEvent, ShutdownPhase, ShutdownState } from './phase.js';

/** What a participant is registered with. */
export interface Registration {
  readonly participant: ShutdownParticipant;
  readonly options: ParticipantOptions;
  readonly registeredAt: string;
  /** Set for subscriptions to a lifetime event: one name may subscribe to both. */
  readonly event?: LifetimeEvent;
  /** How many sequential steps it stands for when time is shared out. Default: 1. */
  readonly steps?: () => number;
  /**
   * Whether its `drain`, abandoned in the tick in which it is called, only names what it cuts. Then it is called even
   * while the process is ending. Default: `false`, as for all code from outside.
   */
  readonly cutsAtOnce?: boolean;
}

const METHODS = [...PHASES, 'resume'] as const;

/** The methods that a participant can have. */
export type ParticipantMethodName = (typeof METHODS)[number];

/**
 * A participant as the coordinator knows it.
 *
 * It keeps what the participant answered when it was registered: foreign code may change its mind, or throw.
 */
export class RegisteredParticipant {
  readonly name: string;
  readonly participant: ShutdownParticipant;
  readonly methods: ReadonlySet<ParticipantMethodName>;
  readonly priority: number;
  readonly registeredAt: string;
  readonly event: LifetimeEvent | undefined;
  /** Whether it is asked to drain, in order to cut, while the process is ending. */
  readonly cutsAtOnce: boolean;
  /** How many sequential steps it stands for when time is shared out. */
  readonly steps: () => number;

  readonly #timeoutMs: ParticipantOptions['timeoutMs'];

  constructor({ participant, options, registeredAt, event, steps, cutsAtOnce }: Registration) {
    this.name = participant.name;
    this.participant = participant;
    this.methods = new Set(METHODS.filter((method) => typeof participant[method] === 'function'));
    this.priority = options.priority ?? 0;
    this.registeredAt = registeredAt;
    this.event = event;
    this.cutsAtOnce = cutsAtOnce ?? false;
    this.steps = steps ?? (() => 1);
    this.#timeoutMs = options.timeoutMs;
  }

  /** The timeout that it was registered with for a phase, in milliseconds. */
  timeoutIn(phase: ShutdownPhase): number | undefined {
    return typeof this.#timeoutMs === 'number' ? this.#timeoutMs : this.#timeoutMs?.[phase];
  }

  /** Its unfinished pieces of work; 0 where the count throws, which must not stop a shutdown. */
  inFlight(): number {
    try {
      return this.participant.inFlight?.() ?? 0;
    } catch {
      return 0;
    }
  }

  /** What it calls its unfinished pieces of work, `most` of them; none where that throws. */
  unfinished(most: number): string[] {
    const names: string[] = [];
    try {
      for (const name of this.participant.unfinished?.() ?? []) {
        if (names.length === most) break;
        names.push(String(name));
      }
    } catch {
      // It is a help, and no more.
    }
    return names;
  }

  /** The numbers that it reports; nothing where that throws. */
  statistics(): Statistics | undefined {
    try {
      const reported = this.participant.statistics?.();
      return (
        reported && Object.fromEntries(Object.entries(reported).filter(([, value]) => Number.isFinite(value)))
      );
    } catch {
      return undefined;
    }
  }

  /** What is wrong with its numbers. What comes from an unset environment variable is NaN, and would pass for no time at all. */
  wrongNumbers(): string[] {
    const timeouts = typeof this.#timeoutMs === 'object' ? Object.values(this.#timeoutMs) : [this.#timeoutMs];
    return [
      ...(Number.isFinite(this.priority) ? [] : [`priority ${String(this.priority)}: give a finite number`]),
      ...timeouts
        .filter((ms) => ms !== undefined && !(typeof ms === 'number' && ms >= 0))
        .map((ms) => `timeoutMs ${String(ms)}: give milliseconds, 0 or more`),
    ];
  }
}

/** The participants of one coordinator. */
export class ParticipantRegistry {
  readonly #participants = new Set<RegisteredParticipant>();

  /** @throws {ShutdownError} when the registration is refused; the message says what would be allowed */
  add(registration: Registration, state: ShutdownState): RegisteredParticipant {
    const registered = new RegisteredParticipant(registration);
    checkNewcomer(registered, this.#participants, state);
    this.#participants.add(registered);
    return registered;
  }

  delete(registered: RegisteredParticipant): void {
    this.#participants.delete(registered);
  }

  /** Whether a participant is still registered. */
  has(registered: RegisteredParticipant): boolean {
    return this.#participants.has(registered);
  }

  /** Those that have a method, by descending priority; of equal priority, the last registered first. */
  takingPartIn(method: ParticipantMethodName): RegisteredParticipant[] {
    return [...this.#participants]
      .filter(({ methods }) => methods.has(method))
      .toReversed()
      .toSorted((a, b) => b.priority - a.priority);
  }

  /** The numbers that participants report, by their names. */
  statistics(): Record<string, Statistics> {
    return Object.fromEntries(
      [...this.#participants].flatMap((registered) => {
        const statistics = registered.statistics();
        return statistics ? [[registered.name, statistics]] : [];
      }),
    );
  }

  /** What participants call their unfinished pieces of work, `most` of them. */
  unfinished(most: number): string[] {
    const names: string[] = [];
    for (const registered of this.#participants) names.push(...registered.unfinished(most - names.length));
    return names;
  }

  /** Unfinished pieces of work of all participants. */
  countInFlight(): number {
    let total = 0;
    for (const registered of this.#participants) total += registered.inFlight();
    return total;
  }

  /** The same by the names of those that have any. */
  inFlightByName(): Record<string, number> {
    return Object.fromEntries(
      Array.from(
        this.#participants,
        (registered) => [registered.name, registered.inFlight()] as const,
      ).filter(([, count]) => count > 0),
    );
  }
}

/** Refuses a newcomer that cannot take part as it is. */
function checkNewcomer(
  newcomer: RegisteredParticipant,
  others: Iterable<RegisteredParticipant>,
  state: ShutdownState,
): void {
  const { name, methods, registeredAt } = newcomer;
  if (typeof name !== 'string' || name.trim() === '') {
    throw new ShutdownError(
      'SHUTDOWN_NAME_EMPTY',
      `a shutdown participant needs a name, got ${JSON.stringify(name)} (registered at ${registeredAt}): ` +
        `give it one that an operator recognises in a log line`,
    );
  }
  const twin = [...others].find((other) => other.name === name && !areOneSubscriber(newcomer, other));
  if (twin) {
    throw new ShutdownError(
      'SHUTDOWN_NAME_DUPLICATE',
      `shutdown participant "${name}" (registered at ${registeredAt}) has the name of the one registered at ` +
        `${twin.registeredAt}: choose another name, or unregister the first`,
    );
  }
  if (methods.size === 0) {
    throw new ShutdownError(
      'SHUTDOWN_PARTICIPANT_EMPTY',
      `shutdown participant "${name}" (registered at ${registeredAt}) takes part in nothing: ` +
        `implement at least one of ${METHODS.join(', ')}`,
    );
  }
  const wrong = newcomer.wrongNumbers();
  if (wrong.length > 0) {
    throw new ShutdownError(
      'SHUTDOWN_OPTIONS_INVALID',
      `shutdown participant "${name}" (registered at ${registeredAt}) cannot have ${wrong.join('; nor ')}`,
    );
  }
  const begun = PHASES.filter((phase) => methods.has(phase) && hasBegun(phase, state));
  if (begun.length > 0) {
    const open = PHASES.filter((phase) => !hasBegun(phase, state));
    throw new ShutdownError(
      'SHUTDOWN_PHASE_BEGUN',
      `shutdown participant "${name}" (registered at ${registeredAt}) comes too late for ${begun.join(', ')}: ` +
        (open.length > 0
          ? `the shutdown is in ${state}; register for ${open.join(', ')}, or earlier`
          : `no phase is left to register for`),
    );
  }
}

/** A service may subscribe to both lifetime events under its one name. */
function areOneSubscriber(newcomer: RegisteredParticipant, other: RegisteredParticipant): boolean {
  return newcomer.event !== undefined && other.event !== undefined && newcomer.event !== other.event;
}
