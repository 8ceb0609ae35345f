/** The phases of a shutdown, in order. */
export const PHASES = ['announce', 'quiesce', 'drain', 'release', 'flush'] as const;

/** A phase of a shutdown, in this order: `announce`, `quiesce`, `drain`, `release`, `flush`. */
export type ShutdownPhase = (typeof PHASES)[number];

/** State of a coordinator: running, in a phase, or ended. */
export type ShutdownState = 'running' | ShutdownPhase | 'completed' | 'forced';

/** The two events for services that only need a callback instead of a participant. */
export enum LifetimeEvent {
  /** Stop accepting work: on entering `quiesce`. */
  PREPARE_SHUTDOWN = 'PREPARE_SHUTDOWN',
  /** Release resources: on entering `release`. */
  SHUTDOWN = 'SHUTDOWN',
}

/** Rules of a phase; phases differ in nothing else. */
export interface PhaseRules {
  readonly phase: ShutdownPhase;
  /** The event whose callbacks run first in this phase. */
  readonly event?: LifetimeEvent;
  /**
   * Time limit of a participant without its own timeout: `participant` is a hard limit of `participantTimeoutMs`,
   * `phase` is the length of the phase, `fair` is a share of the time left.
   */
  readonly allowance: 'participant' | 'phase' | 'fair';
  /** Whether the phase may use the release reserve. */
  readonly spendsReserve: boolean;
  /** Whether new work is refused from here on: the coordinator's signal aborts on entry. */
  readonly refusesWork: boolean;
  /** Whether a participant runs again if it has work in flight once all participants have settled. */
  readonly repeatsForWork: boolean;
  /** Whether participants run group by group, higher priority first, instead of all at once. */
  readonly byPriority: boolean;
}

/** The rules of all phases, in order. */
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

/** Returns whether `phase` has begun or is over for a coordinator in `state`. */
export function hasBegun(phase: ShutdownPhase, state: ShutdownState): boolean {
  if (state === 'running') return false;
  if (state === 'completed' || state === 'forced') return true;
  return PHASES.indexOf(phase) <= PHASES.indexOf(state);
}
