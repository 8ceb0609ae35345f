import { describe, expect, it } from '@jest/globals';
import { inTurns } from '../../../../src/rehearsal/load/weighted.js';

describe('inTurns', () => {
  it('takes each as often as its weight says, evenly', () => {
    const next = inTurns([
      { name: 'a', weight: 3 },
      { name: 'b', weight: 1 },
      { name: 'c', weight: 0.5 },
    ]);
    const names = Array.from({ length: 18 }, () => next().name);
    const taken = names.join('');

    expect(names.filter((name) => name === 'a')).toHaveLength(12);
    expect(names.filter((name) => name === 'c')).toHaveLength(2);
    expect(taken.slice(0, 9)).toBe(taken.slice(9));
    expect(taken).not.toContain('bb');
  });
});
