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
 * How long a participant may take in a phase; the phase's own end clips it further.
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
      return { limitMs: explicitMs ?? participantTimeoutMs, slowAfterMs: Infinity };
    case 'phase':
      return { limitMs: explicitMs ?? drainTimeoutMs - left.phaseAgeMs, slowAfterMs: Infinity };
    case 'fair': {
      const shareMs = forceAfterTimeout ? shareOf(left, explicitMs ?? participantTimeoutMs) : Infinity;
      return explicitMs === undefined
        ? { limitMs: shareMs, slowAfterMs: participantTimeoutMs }
        : { limitMs: Math.min(explicitMs, shareMs), slowAfterMs: Infinity };
    }
  }
}

/** The part of the time left that is divided evenly among all steps, and that no step can take from another. */
const GUARANTEED_PART = 1 / 4;

/** What each of `steps` keeps, whatever the others do, of the time that is left when the first one begins. */
export function guaranteeFor(remainingMs: number, steps: number): number {
  return (remainingMs * GUARANTEED_PART) / Math.max(1, steps);
}

/**
 * A fair share of the time left.
 *
 * An equal split among many steps would cut an honest slow one while the quick ones leave their time unused. So a
 * step may take what it wants, up to `wantedMs`; but while others are to come, at most half of what is left, and
 * never what is guaranteed to them.
 */
function shareOf({ remainingMs, steps, stepsToCome, guaranteedMs }: TimeLeft, wantedMs: number): number {
  const others = stepsToCome - steps;
  // The last one is for the deadline to end, which then counts as forced; a limit at the same instant would race it.
  if (others <= 0) return Infinity;
  const equalMs = (remainingMs * steps) / stepsToCome;
  return Math.max(equalMs, Math.min(wantedMs, remainingMs / 2, remainingMs - others * guaranteedMs));
}
