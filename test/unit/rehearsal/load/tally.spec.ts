import { describe, expect, it } from '@jest/globals';
import { OUTCOMES, type Outcome } from '../../../../src/rehearsal/load/outcome.js';
import { Tally } from '../../../../src/rehearsal/load/tally.js';

function tallyOf(results: { kind: string; outcome?: Outcome; retired?: boolean }[]): Tally {
  const tally = new Tally();
  for (const { kind, outcome, retired = false } of results) {
    const plan = { kind, method: 'GET', path: '/' } as const;
    tally.sent(plan);
    if (outcome) tally.ended({ plan, outcome, retired });
  }
  return tally;
}

describe('Tally', () => {
  it('counts by kind and outcome, kinds in the order of their first request', () => {
    const tally = tallyOf([
      { kind: 'b', outcome: 'answered', retired: true },
      { kind: 'a', outcome: 'refused' },
      { kind: 'b', outcome: 'refused' },
      { kind: 'b' },
    ]);
    expect(tally.kinds).toEqual(['b', 'a']);
    expect([tally.count('sent', 'b'), tally.count('refused', 'b'), tally.count('late', 'b')]).toEqual([
      3, 1, 0,
    ]);
    expect([tally.count('sent'), tally.count('refused'), tally.count('answered')]).toEqual([4, 2, 1]);
    expect(tally.retired).toBe(1);
    expect(tally.count('sent', 'c')).toBe(0);
  });

  it('takes every end but a complete answer for a loss, and what has had no end for in flight', () => {
    const tally = tallyOf([...OUTCOMES.map((outcome) => ({ kind: 'a', outcome })), { kind: 'a' }]);
    expect(tally.inFlight).toBe(1);
    expect(tally.lost).toBe(OUTCOMES.length - 1);
  });
});
