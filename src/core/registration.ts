import { ShutdownError } from './errors.js';
import { hasBegun, PHASES } from './phase.js';
import type { LifetimeEvent, ShutdownPhase, ShutdownState } from './phase.js';
import type { ParticipantOptions, ShutdownParticipant } from './participant.js';
import type { Statistics } from './statistics.js';

/** A participant together with what was said when it was registered. */
export interface Registration {
  readonly participant: ShutdownParticipant;
  readonly options: ParticipantOptions;
  readonly registeredAt: string;
  /** Set for subscriptions to a lifetime event: one name may subscribe to both. */
  readonly event?: LifetimeEvent;
  /** How many sequential steps it stands for when time is shared out; default: 1. */
  readonly steps?: () => number;
  /**
   * Whether its `drain`, when it is abandoned in the tick in which it is asked, names what it cuts and does nothing else:
   * then it is asked even while the process is ending. Default: not, as for all that comes from outside.
   */
  readonly cutsAtOnce?: boolean;
}

const METHODS = [...PHASES, 'resume'] as const;

/** What a participant can have a method for. */
export type ParticipantMethodName = (typeof METHODS)[number];

/**
 * A registered participant.
 *
 * It keeps the answers that the participant gave when it was registered: foreign code may change its mind, or throw.
 */
export interface Member {
  readonly name: string;
  readonly participant: ShutdownParticipant;
  readonly methods: ReadonlySet<ParticipantMethodName>;
  readonly priority: number;
  readonly timeoutMs: ParticipantOptions['timeoutMs'];
  readonly registeredAt: string;
  readonly event: LifetimeEvent | undefined;
  /** Whether it is asked to drain, in order to cut, while the process is ending. */
  readonly cutsAtOnce: boolean;
  /** How many sequential steps it stands for when time is shared out. */
  steps(this: void): number;
}

/** Reads a registration. */
export function memberOf(registration: Registration): Member {
  const { participant, options, registeredAt, event, steps, cutsAtOnce = false } = registration;
  return {
    name: participant.name,
    participant,
    methods: new Set(METHODS.filter((method) => typeof participant[method] === 'function')),
    priority: options.priority ?? 0,
    timeoutMs: options.timeoutMs,
    registeredAt,
    event,
    cutsAtOnce,
    steps: steps ?? (() => 1),
  };
}

/** A participant's unfinished pieces of work; a count that throws is none, for it must not stop a shutdown. */
export function countInFlight({ participant }: Member): number {
  try {
    return participant.inFlight?.() ?? 0;
  } catch {
    return 0;
  }
}

/** What a participant tells of what it holds, as far as it is numbers; nothing, where that throws. */
export function statisticsOf({ participant }: Member): Statistics | undefined {
  try {
    const told = participant.statistics?.();
    return told && Object.fromEntries(Object.entries(told).filter(([, value]) => Number.isFinite(value)));
  } catch {
    return undefined;
  }
}

/** The timeout that was asked for at registration, for a phase. */
export function explicitTimeout({ timeoutMs }: Member, phase: ShutdownPhase): number | undefined {
  return typeof timeoutMs === 'number' ? timeoutMs : timeoutMs?.[phase];
}

/**
 * Refuses a newcomer that cannot take part as it is.
 *
 * @throws {ShutdownError} the message says what would be allowed
 */
export function checkNewcomer(newcomer: Member, others: Iterable<Member>, state: ShutdownState): void {
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
  checkNumbers(newcomer);
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
function areOneSubscriber(newcomer: Member, other: Member): boolean {
  return newcomer.event !== undefined && other.event !== undefined && newcomer.event !== other.event;
}

// What comes from an environment variable that is not set is NaN, and would be taken for no time at all.
function checkNumbers({ name, priority, timeoutMs, registeredAt }: Member): void {
  const timeouts = typeof timeoutMs === 'object' ? Object.values(timeoutMs) : [timeoutMs];
  const wrong = [
    ...(Number.isFinite(priority) ? [] : [`priority ${String(priority)}: give a finite number`]),
    ...timeouts
      .filter((ms) => ms !== undefined && !(typeof ms === 'number' && ms >= 0))
      .map((ms) => `timeoutMs ${String(ms)}: give milliseconds, 0 or more`),
  ];
  if (wrong.length > 0) {
    throw new ShutdownError(
      'SHUTDOWN_OPTIONS_INVALID',
      `shutdown participant "${name}" (registered at ${registeredAt}) cannot have ${wrong.join('; nor ')}`,
    );
  }
}
