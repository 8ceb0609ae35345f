import { describe, expect, it } from '@jest/globals';
import { setUp } from './coordinator-on-manual-clock.js';

describe('what was in flight over a shutdown', () => {
  it('is in the report: a point for each change, and for the end of each level', async () => {
    const { clock, coordinator } = setUp({ gracePeriodMs: 10_000 });
    let left = 3;
    coordinator.register({
      name: 'jobs',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 1_000)),
      inFlight: () => left,
    });
    clock.setTimer(() => (left = 1), 510);
    clock.setTimer(() => (left = 0), 990);
    void coordinator.shutdown();
    await clock.advance(1_000);
    expect(coordinator.report?.inFlight).toEqual([
      { atMs: 0, count: 3 },
      { atMs: 500, count: 3 },
      { atMs: 550, count: 1 },
      { atMs: 950, count: 1 },
      { atMs: 1_000, count: 0 },
    ]);
  });

  it('has a bounded number of points, and none past the deadline', async () => {
    const { clock, coordinator } = setUp({ gracePeriodMs: 1_000_000, forceAfterTimeout: false });
    let count = 0;
    let end = (): void => {};
    let isOver = false;
    coordinator.register({
      name: 'jobs',
      drain: () => new Promise<void>((resolve) => (end = resolve)),
      inFlight: () => (isOver ? 0 : (count += 1)),
    });
    void coordinator.shutdown();
    await clock.advance(3_000_000);
    isOver = true;
    end();
    await clock.advance(0);
    const { inFlight = [] } = coordinator.report ?? {};
    expect(inFlight.length).toBeGreaterThan(190);
    expect(inFlight.length).toBeLessThan(220);
    expect(inFlight.at(-2)?.atMs).toBeLessThanOrEqual(1_000_000);
  });

  it('is not counted more often than counting allows', async () => {
    const { clock, coordinator } = setUp({ gracePeriodMs: 10_000 });
    let counted = 0;
    const now = clock.now.bind(clock);
    // Each time takes 10 ms.
    clock.now = () => now() + counted * 10;
    coordinator.register({
      name: 'slow counter',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 5_000)),
      inFlight: () => {
        counted += 1;
        return 0;
      },
    });
    void coordinator.shutdown();
    await clock.advance(5_000);
    // At most 2 % of the time.
    expect(counted).toBeLessThan(25);
    expect(coordinator.report?.status).toBe('completed');
  });
});
