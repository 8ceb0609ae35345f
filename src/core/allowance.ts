import type { Allowance } from './execution.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import type { PhaseRules } from './phase.js';

/** How many of the steps that follow one another one step stands for. */
export interface Share {
  /** How many sequential steps this one stands for. */
  readonly steps: number;
  /** How many sequential steps are still to come, this one's included. */
  readonly stepsToCome: number;
}

/** The time that is left for a step and for those after it; milliseconds. */
export interface TimeLeft extends Share {
  /** Time left to the deadline. */
  readonly remainingMs: number;
  /** What every step that is still to come keeps, whatever this one does. */
  readonly guaranteedMs: number;
  /** How long the phase has been going on. */
  readonly phaseAgeMs: number;
}

/**
 * How long a participant may take in a phase, and hold back the next one; the phase's own end clips it further.
 *
 * @param explicitMs the participant's own timeout, if it has one: it is never exceeded
 */
export function allowanceFor(
  rules: PhaseRules,
  explicitMs: number | undefined,
  options: CoordinatorOptions,
  left: TimeLeft,
): Allowance {
  const { participantTimeoutMs, drainTimeoutMs, forceAfterTimeout } = options;
  switch (rules.allowance) {
    case 'participant':
      return {
        limitMs: explicitMs ?? participantTimeoutMs,
        slowAfterMs: Infinity,
        overtakeAfterMs: Infinity,
      };
    case 'phase':
      return {
        limitMs: explicitMs ?? drainTimeoutMs - left.phaseAgeMs,
        slowAfterMs: Infinity,
        overtakeAfterMs: Infinity,
      };
    case 'fair':
      return {
        limitMs: explicitMs ?? Infinity,
        slowAfterMs: explicitMs === undefined ? participantTimeoutMs : Infinity,
        overtakeAfterMs: forceAfterTimeout ? shareOf(left, explicitMs ?? participantTimeoutMs) : Infinity,
      };
  }
}

/** The part of the time left that is divided evenly among all steps, and that no step can take from another. */
const GUARANTEED_PART = 1 / 4;

/** What each of `steps` keeps, whatever the others do, of the time that is left when the first one begins. */
export function guaranteeFor(remainingMs: number, steps: number): number {
  return (remainingMs * GUARANTEED_PART) / Math.max(1, steps);
}

/**
 * A fair share of the time left: for so long the steps to come are held back.
 *
 * An equal split among many steps would overtake an honest slow one while the quick ones leave their time unused. So a
 * step may take what it wants, up to `wantedMs`; but while others are to come, at most half of what is left, and never
 * what is guaranteed to them. What stands for several steps may take half of what is left for each of them in turn.
 */
export function shareOf(
  { remainingMs, steps, stepsToCome, guaranteedMs }: Omit<TimeLeft, 'phaseAgeMs'>,
  wantedMs: number,
): number {
  const others = stepsToCome - steps;
  // Nothing comes after the last one.
  if (others <= 0) return Infinity;
  const equalMs = (remainingMs * steps) / stepsToCome;
  const halvesMs = remainingMs * (1 - 0.5 ** steps);
  return Math.max(equalMs, Math.min(wantedMs, halvesMs, remainingMs - others * guaranteedMs));
}
