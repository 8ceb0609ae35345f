import type { Allowance } from './execution.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import type { PhaseRules } from './phase.js';

/** Position of a step in the sequence of steps that share the remaining time. */
export interface Share {
  /** Number of sequential steps this one consists of. */
  readonly steps: number;
  /** Number of sequential steps still to run, including this one's. */
  readonly stepsToCome: number;
}

/** Time left for a step and the steps after it, in milliseconds. */
export interface TimeLeft extends Share {
  /** Time left to the deadline. */
  readonly remainingMs: number;
  /** Time guaranteed to each step still to run; no other step can use it. */
  readonly guaranteedMs: number;
  /** Time since the phase was entered. */
  readonly phaseAgeMs: number;
}

/**
 * Returns how long a participant may run in a phase, and how long it may delay the next step. The end of the phase
 * limits both further.
 *
 * @param explicitMs the participant's own timeout, if configured; never exceeded
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

/** Part of the time left that is divided evenly among all steps; no step can use another's. */
const GUARANTEED_PART = 1 / 4;

/** Returns the time guaranteed to each of `steps` sequential steps, in milliseconds. */
export function guaranteeFor(remainingMs: number, steps: number): number {
  return (remainingMs * GUARANTEED_PART) / Math.max(1, steps);
}

/**
 * Returns a fair share of the time left, in milliseconds: how long a step may delay the steps after it.
 *
 * An equal split among many steps would overtake a slow but healthy step while fast steps leave their time unused. A
 * step may therefore use up to `wantedMs`. While other steps follow, it gets at most half of the time left, and none of
 * the time guaranteed to them. A step that consists of several gets half of the time left for each of them in turn.
 */
export function shareOf(
  { remainingMs, steps, stepsToCome, guaranteedMs }: Omit<TimeLeft, 'phaseAgeMs'>,
  wantedMs: number,
): number {
  const others = stepsToCome - steps;
  // Nothing follows the last step.
  if (others <= 0) return Infinity;
  const equalMs = (remainingMs * steps) / stepsToCome;
  const halvesMs = remainingMs * (1 - 0.5 ** steps);
  return Math.max(equalMs, Math.min(wantedMs, halvesMs, remainingMs - others * guaranteedMs));
}
