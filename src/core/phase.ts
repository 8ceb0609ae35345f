/** The phases of a shutdown, in the order in which they are walked. */
export const PHASES = ['announce', 'quiesce', 'drain', 'release', 'flush'] as const;

/** One step of a shutdown, in this order: `announce`, `quiesce`, `drain`, `release`, `flush`. */
export type ShutdownPhase = (typeof PHASES)[number];

/** Where a coordinator stands: not shutting down, in a phase, or at an end. */
export type ShutdownState = 'running' | ShutdownPhase | 'completed' | 'forced';

/** The two moments that services subscribe to when they need no phase of their own. */
export enum LifetimeEvent {
  /** Stop taking work: on entering `quiesce`. */
  PREPARE_SHUTDOWN = 'PREPARE_SHUTDOWN',
  /** Give back what you hold: on entering `release`. */
  SHUTDOWN = 'SHUTDOWN',
}

/** What distinguishes one phase from another; the coordinator knows no other difference. */
export interface PhaseRules {
  readonly phase: ShutdownPhase;
  /** The event whose callbacks run first in this phase. */
  readonly event?: LifetimeEvent;
  /**
   * How long a participant without a timeout of its own may take: `participant` is
   * `participantTimeoutMs` and hard, `phase` is as long as the phase, `fair` is its share of the time left.
   */
  readonly allowance: 'participant' | 'phase' | 'fair';
  /** Whether the phase may spend the release reserve. */
  readonly spendsReserve: boolean;
  /** Whether new work is refused from here on: the coordinator's signal aborts on entry. */
  readonly refusesWork: boolean;
  /** Whether participants that have work in flight again, when all have settled, are asked once more. */
  readonly repeatsForWork: boolean;
  /** Whether participants run group by group, higher priority first, instead of all at once. */
  readonly byPriority: boolean;
}

/** The phases as data: one loop walks this table. */
export const PHASE_RULES: readonly PhaseRules[] = [
  {
    phase: 'announce',
    allowance: 'participant',
    spendsReserve: false,
    refusesWork: false,
    repeatsForWork: false,
    byPriority: false,
  },
  {
    phase: 'quiesce',
    event: LifetimeEvent.PREPARE_SHUTDOWN,
    allowance: 'participant',
    spendsReserve: false,
    refusesWork: true,
    repeatsForWork: false,
    byPriority: false,
  },
  {
    phase: 'drain',
    allowance: 'phase',
    spendsReserve: false,
    refusesWork: false,
    repeatsForWork: true,
    byPriority: false,
  },
  {
    phase: 'release',
    event: LifetimeEvent.SHUTDOWN,
    allowance: 'fair',
    spendsReserve: true,
    refusesWork: false,
    repeatsForWork: false,
    byPriority: true,
  },
  {
    phase: 'flush',
    allowance: 'fair',
    spendsReserve: true,
    refusesWork: false,
    repeatsForWork: false,
    byPriority: true,
  },
];

/** Tells whether `phase` has begun, or is over, for a coordinator in `state`. */
export function hasBegun(phase: ShutdownPhase, state: ShutdownState): boolean {
  if (state === 'running') return false;
  if (state === 'completed' || state === 'forced') return true;
  return PHASES.indexOf(phase) <= PHASES.indexOf(state);
}
