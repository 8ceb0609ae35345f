import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { spread } from '../../../src/util/spread.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

/** Spreads as many over a second, and notes who had a turn, and when. */
function begin(count: number, windowMs = 1_000) {
  const clock = new ManualClock();
  const abort = new AbortController();
  const turns: { readonly item: number; readonly place: number; readonly at: number }[] = [];
  const items = Array.from({ length: count }, (_, index) => index);
  let isOver = false;
  void spread(items, { clock, windowMs, signal: abort.signal }, (item, place) =>
    turns.push({ item, place, at: clock.now() }),
  ).then(() => (isOver = true));
  return { clock, abort, items, turns, isOver: () => isOver };
}

describe('spreading', () => {
  it('gives each of a hundred its turn, evenly over the window', async () => {
    const { clock, items, turns, isOver } = begin(100);
    for (let tenth = 1; tenth <= 10; tenth += 1) {
      await clock.advance(100);
      expect(turns).toHaveLength(10 * tenth);
    }
    expect(turns.map(({ item }) => item)).toEqual(items);
    expect(isOver()).toBe(true);
  });

  it('does not give them at equal distances', async () => {
    const { clock, turns } = begin(100);
    await clock.advance(1_000);
    const distances = turns.slice(1).map(({ at }, index) => Math.round(at - turns[index]!.at));
    expect(new Set(distances).size).toBeGreaterThan(1);
  });

  it('lets all of ninety-nine have their turn in the same tick', () => {
    expect(begin(99).turns).toHaveLength(99);
  });

  it('lets all have their turn in the same tick when there is no window', () => {
    expect(begin(5_000, 0).turns).toHaveLength(5_000);
  });

  it.each([1, 99, 5_000])('gives each of %d a place of its own within the window', (count) => {
    const { turns } = begin(count, 0);
    const places = turns.map(({ place }) => place);
    expect(places.every((place, index) => place > index / count && place < (index + 1) / count)).toBe(true);
  });

  it('gives the rest their turn at once when nobody waits any longer', async () => {
    const { clock, abort, items, turns, isOver } = begin(100);
    await clock.advance(500);
    abort.abort();
    expect(turns.map(({ item }) => item)).toEqual(items);
    await clock.advance(0);
    expect(isOver()).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives all their turn at once when nobody waits to begin with', () => {
    const turns: number[] = [];
    const options = { clock: new ManualClock(), windowMs: 1_000, signal: AbortSignal.abort() };
    void spread(Array(100).keys(), options, (item) => turns.push(item));
    expect(turns).toHaveLength(100);
  });

  it.each([0, 99, 100])('leaves neither timer nor listener behind %d', async (count) => {
    const { clock, abort, isOver } = begin(count);
    await clock.advance(1_000);
    expect(isOver()).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });
});
