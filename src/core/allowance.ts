import type { Allowance } from './execution.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import type { ParticipantOptions } from './participant.js';
import type { PhaseRules, ShutdownPhase } from './phase.js';

/** What one step may claim of the time that is left. */
export interface Claim {
  /** Time left to the deadline, in milliseconds. */
  readonly remainingMs: number;
  /** How many sequential steps this one stands for. */
  readonly steps: number;
  /** How many sequential steps are still to come, this one's included. */
  readonly stepsToCome: number;
}

/** How long a participant may take in a phase; the phase's own end clips it further. */
export function allowanceFor(
  rules: PhaseRules,
  explicitMs: number | undefined,
  options: CoordinatorOptions,
  claim: Claim,
): Allowance {
  if (explicitMs !== undefined) return { limitMs: explicitMs, slowAfterMs: Infinity };
  switch (rules.allowance) {
    case 'participant':
      return { limitMs: options.participantTimeoutMs, slowAfterMs: Infinity };
    case 'phase':
      return { limitMs: options.drainTimeoutMs, slowAfterMs: Infinity };
    case 'fair':
      return {
        limitMs: options.forceAfterTimeout ? shareOf(claim, options.participantTimeoutMs) : Infinity,
        slowAfterMs: options.participantTimeoutMs,
      };
  }
}

/**
 * A fair share of the time left.
 *
 * An equal split among many steps would cut an honest slow one while the quick ones leave their time unused, so a
 * step may take up to `participantTimeoutMs`, but while others are to come never more than half of what is left:
 * however many hang, the next one always gets something.
 */
function shareOf({ remainingMs, steps, stepsToCome }: Claim, participantTimeoutMs: number): number {
  if (stepsToCome <= steps) return remainingMs;
  return Math.max((remainingMs * steps) / stepsToCome, Math.min(participantTimeoutMs, remainingMs / 2));
}

/** The explicit timeout of a registration for a phase. */
export function explicitTimeout(options: ParticipantOptions, phase: ShutdownPhase): number | undefined {
  return typeof options.timeoutMs === 'number' ? options.timeoutMs : options.timeoutMs?.[phase];
}
