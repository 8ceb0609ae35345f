import { describe, expect, it } from '@jest/globals';
import { onProgressChange } from '../../../src/report/progress-changes.js';
import { setUp } from '../core/coordinator-on-manual-clock.js';
import type { ShutdownProgress } from '../../../src/core/report.js';

describe('changes of the progress', () => {
  it('are told once each, between events as well', async () => {
    const { clock, coordinator } = setUp();
    let left = 3;
    let finish = (): void => {};
    coordinator.register({
      name: 'mails',
      drain: () => new Promise((resolve) => (finish = resolve)),
      inFlight: () => left,
    });
    const seen: ShutdownProgress[] = [];
    onProgressChange(coordinator, clock, (progress) => seen.push(progress));
    void coordinator.shutdown();
    await coordinator.entered('drain');
    await clock.advance(1_000);
    const before = seen.length;
    left = 1;
    await clock.advance(1_000);
    expect(seen.slice(before).map(({ inFlight }) => inFlight)).toEqual([1]);

    left = 0;
    finish();
    await clock.advance(0);
    const contents = seen.map(({ state, inFlight, pending }) =>
      JSON.stringify([state, inFlight, pending.map(({ name }) => name)]),
    );
    expect(contents).toEqual(contents.filter((content, index) => content !== contents[index - 1]));
    expect(seen.at(-1)).toMatchObject({ state: 'completed', inFlight: 0, pending: [] });
  });

  it('are no longer looked for when nobody listens, or nothing shuts down', async () => {
    const { clock, coordinator } = setUp();
    let counted = 0;
    coordinator.register({ name: 'mails', drain: () => {}, inFlight: () => (counted += 1) && 0 });
    const stop = onProgressChange(coordinator, clock, () => {});
    const atFirst = counted;
    await clock.advance(10_000);
    expect(counted).toBe(atFirst);
    stop();
    coordinator.announce();
    const afterwards = counted;
    await clock.advance(10_000);
    expect(counted).toBe(afterwards);
  });
});
