import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allowanceFor, guaranteeFor } from '../../../src/core/allowance.js';
import type { CoordinatorOptions } from '../../../src/core/coordinator-options.js';
import { PHASE_RULES } from '../../../src/core/phase.js';

const rules = PHASE_RULES.find(({ allowance }) => allowance === 'fair')!;

function optionsWith(participantTimeoutMs: number): CoordinatorOptions {
  return {
    gracePeriodMs: 25_000,
    announceDelayMs: 0,
    quietPeriodMs: 0,
    announceMaxMs: 0,
    releaseReserveMs: 5_000,
    drainTimeoutMs: Infinity,
    participantTimeoutMs,
    forceAfterTimeout: true,
    raiseOnError: false,
  };
}

/** What each of a row of steps is allowed, when each takes the part of it that `greed` says. */
function sharesOf(
  budgetMs: number,
  greed: readonly number[],
  explicitMs: number | undefined,
  participantTimeoutMs: number,
): number[] {
  const guaranteedMs = guaranteeFor(budgetMs, greed.length);
  let remainingMs = budgetMs;
  return greed.map((part, index) => {
    const claim = { remainingMs, guaranteedMs, phaseAgeMs: 0, steps: 1, stepsToCome: greed.length - index };
    const allowance = allowanceFor(rules, explicitMs, optionsWith(participantTimeoutMs), claim);
    const shareMs = Math.min(allowance.overtakeAfterMs, allowance.limitMs, remainingMs);
    remainingMs -= shareMs * part;
    return shareMs;
  });
}

const row = fc.array(fc.constantFrom(0, 0.01, 0.5, 1, 1), { minLength: 1, maxLength: 50 });
const ms = fc.integer({ min: 1, max: 60_000 });
const rounding = 0.001;

describe('a share of the time left', () => {
  it('is never less than a quarter of an equal split, whatever the steps before have taken', () => {
    fc.assert(
      fc.property(ms, row, ms, (budgetMs, greed, timeoutMs) => {
        const leastMs = budgetMs / greed.length / 4;
        for (const shareMs of sharesOf(budgetMs, greed, undefined, timeoutMs)) {
          expect(shareMs).toBeGreaterThanOrEqual(leastMs - rounding);
        }
      }),
    );
  });

  it('never adds up to more than there is', () => {
    fc.assert(
      fc.property(
        ms,
        row,
        fc.option(ms, { nil: undefined }),
        ms,
        (budgetMs, greed, explicitMs, timeoutMs) => {
          const all = sharesOf(
            budgetMs,
            greed.map(() => 1),
            explicitMs,
            timeoutMs,
          );
          expect(all.reduce((sum, shareMs) => sum + shareMs, 0)).toBeLessThanOrEqual(budgetMs + rounding);
        },
      ),
    );
  });

  it('never exceeds an explicit timeout', () => {
    fc.assert(
      fc.property(ms, row, ms, ms, (budgetMs, greed, explicitMs, timeoutMs) => {
        for (const shareMs of sharesOf(budgetMs, greed, explicitMs, timeoutMs)) {
          expect(shareMs).toBeLessThanOrEqual(explicitMs);
        }
      }),
    );
  });

  it('is all that is left for the last step', () => {
    expect(sharesOf(5_000, [0.5, 0, 1], undefined, 1).at(-1)).toBeGreaterThan(3_000);
    expect(sharesOf(5_000, [1], undefined, 1)).toEqual([5_000]);
  });

  it('is without an end for the last step: nothing comes that could overtake it', () => {
    const last = { remainingMs: 5_000, guaranteedMs: 0, phaseAgeMs: 0, steps: 1, stepsToCome: 1 };
    expect(allowanceFor(rules, undefined, optionsWith(1_000), last).overtakeAfterMs).toBe(Infinity);
    expect(allowanceFor(rules, 2_000, optionsWith(1_000), last)).toEqual({
      limitMs: 2_000,
      slowAfterMs: Infinity,
      overtakeAfterMs: Infinity,
    });
  });

  it('is no limit: only a timeout of its own is', () => {
    const first = { remainingMs: 5_000, guaranteedMs: 100, phaseAgeMs: 0, steps: 1, stepsToCome: 2 };
    expect(allowanceFor(rules, undefined, optionsWith(1_000), first)).toEqual({
      limitMs: Infinity,
      slowAfterMs: 1_000,
      overtakeAfterMs: 2_500,
    });
    expect(allowanceFor(rules, 4_000, optionsWith(1_000), first)).toEqual({
      limitMs: 4_000,
      slowAfterMs: Infinity,
      overtakeAfterMs: 2_500,
    });
  });

  it('lets no step that stands for several be overtaken before each of them was', () => {
    const options = optionsWith(60_000);
    fc.assert(
      fc.property(
        ms,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        (budgetMs, steps, after) => {
          const guaranteedMs = guaranteeFor(budgetMs, steps + after);
          const left = { guaranteedMs, phaseAgeMs: 0 };
          const whole = { ...left, remainingMs: budgetMs, steps, stepsToCome: steps + after };
          let remainingMs = budgetMs;
          for (let toCome = steps; toCome > 0; toCome -= 1) {
            const one = { ...left, remainingMs, steps: 1, stepsToCome: toCome + after };
            remainingMs -= allowanceFor(rules, undefined, options, one).overtakeAfterMs;
          }
          const { overtakeAfterMs } = allowanceFor(rules, Infinity, options, whole);
          expect(overtakeAfterMs).toBeGreaterThanOrEqual(budgetMs - remainingMs - rounding);
        },
      ),
    );
  });

  it('is participantTimeoutMs for a slow one when there is plenty, half of what is left when there is not', () => {
    expect(sharesOf(20_000, Array(40).fill(1), undefined, 5_000)[0]).toBe(5_000);
    expect(sharesOf(4_000, Array(40).fill(1), undefined, 5_000)[0]).toBe(2_000);
  });
});
