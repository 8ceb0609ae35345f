import { describe, expect, it } from '@jest/globals';
import { upperBound95 } from '../../../src/rehearsal/upper-bound.js';

describe('upperBound95', () => {
  // Half of the 95 % quantile of chi-square with 2 (n + 1) degrees of freedom, from tables.
  it.each([
    [0, 2.9957],
    [1, 4.7439],
    [2, 6.2958],
    [5, 10.513],
    [10, 16.962],
    [50, 63.287],
    [1_000, 1_053.95],
  ])('is the exact bound of a Poisson distribution for %i losses', (losses, bound) => {
    expect(Math.abs(upperBound95(losses) - bound)).toBeLessThan(bound / 1_000);
  });

  it('is a number for any count', () => {
    expect(upperBound95(100_000)).toBeGreaterThan(100_000);
    expect(upperBound95(100_000)).toBeLessThan(100_600);
  });
});
