import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { setUp } from '../core/coordinator-on-manual-clock.js';
import { watchProgress } from '../../../src/nest/watch-progress.js';

describe('watchProgress', () => {
  it('begins with how things stand, tells of every change, and ends with the shutdown', async () => {
    const { coordinator } = setUp();
    let left = 3;
    let finish = (): void => {};
    coordinator.register({
      name: 'mails',
      drain: () => new Promise((resolve) => (finish = resolve)),
      inFlight: () => left,
    });
    const all = lastValueFrom(watchProgress(coordinator).pipe(toArray()));

    const report = coordinator.shutdown();
    await coordinator.entered('drain');
    left = 0;
    finish();
    await report;

    const seen = await all;
    expect(seen[0]).toMatchObject({ state: 'running' });
    expect(seen).toContainEqual(
      expect.objectContaining({
        state: 'drain',
        inFlight: 3,
        pending: [expect.objectContaining({ name: 'mails', phase: 'drain' })],
      }),
    );
    expect(seen.at(-1)).toMatchObject({ state: 'completed', pending: [] });
  });

  it('tells latecomers how it ended', async () => {
    const { coordinator } = setUp();
    await coordinator.shutdown();

    expect(await lastValueFrom(watchProgress(coordinator).pipe(toArray()))).toEqual([coordinator.progress()]);
  });

  it('stops to listen when nobody subscribes any more', async () => {
    const { coordinator } = setUp();
    let listening = 0;
    const counted = Object.create(coordinator, {
      observe: {
        value: (observer: Parameters<typeof coordinator.observe>[0]) => {
          listening += 1;
          const stop = coordinator.observe(observer);
          return () => {
            listening -= 1;
            stop();
          };
        },
      },
      progress: { value: () => coordinator.progress() },
      report: { get: () => coordinator.report },
      isShuttingDown: { get: () => coordinator.isShuttingDown },
    }) as typeof coordinator;

    await firstValueFrom(watchProgress(counted));
    const subscription = watchProgress(counted).subscribe();
    expect(listening).toBe(1);
    subscription.unsubscribe();

    expect(listening).toBe(0);
  });
});
