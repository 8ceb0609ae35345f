import { describe, expect, it } from '@jest/globals';
import { entryOf, ofType, setUp } from './coordinator-on-manual-clock.js';
import type { Setup } from './coordinator-on-manual-clock.js';

describe('who registers while an operator drains', () => {
  it('announces at once, resumes with the others, and takes part in the next shutdown', async () => {
    const { clock, coordinator } = setUp();
    const calls: string[] = [];
    const note = (what: string) => (): void => void calls.push(what);
    coordinator.announce();
    await clock.advance(1_000);

    coordinator.register({
      name: 'late',
      announce: note('announce'),
      release: note('release'),
      resume: note('resume'),
    });
    expect(calls).toEqual(['announce']);

    await coordinator.resume();
    expect(calls).toEqual(['announce', 'resume']);

    await coordinator.shutdown();
    expect(calls).toEqual(['announce', 'resume', 'announce', 'release']);
  });

  it('announces once, when the announcement still waits for the last one to be undone', async () => {
    const { clock, coordinator } = setUp();
    let resumed = (): void => {};
    coordinator.register({ name: 'slow', resume: () => new Promise((resolve) => (resumed = resolve)) });
    coordinator.announce();
    const resuming = coordinator.resume();
    coordinator.announce();
    let announced = 0;

    coordinator.register({ name: 'late', announce: () => void (announced += 1) });
    resumed();
    await resuming;
    await clock.advance(0);

    expect(announced).toBe(1);
  });

  it('is in time for what follows when the drain turns into a shutdown', async () => {
    const { coordinator } = setUp();
    coordinator.announce();
    coordinator.register({ name: 'late', announce: () => {}, drain: () => {} });

    const report = await coordinator.shutdown();

    expect(report.status).toBe('completed');
    expect(report.participants.filter(({ name }) => name === 'late').map(({ phase }) => phase)).toEqual([
      'announce',
      'drain',
    ]);
  });

  /** Has a participant join the announcement that takes so long to announce, and notes what it does. */
  function join(
    { clock, coordinator }: Setup,
    name: string,
    announceMs: number,
    then = (): void => {},
  ): void {
    coordinator.register(
      {
        name,
        announce: async () => {
          then();
          await new Promise<void>((resolve) => clock.setTimer(resolve, announceMs));
        },
        quiesce: () => {},
      },
      { timeoutMs: 5_000 },
    );
  }

  const courseOf = ({ coordinator, events }: Setup, name: string): unknown[] => {
    const entry = entryOf(coordinator.report, name, 'announce');
    const left = ofType(events, 'phase-left').find(({ phase }) => phase === 'announce');
    return [entry?.outcome, entry?.durationMs, left?.durationMs];
  };

  it('is awaited, although it takes longer than all others', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    join(setup, 'early', 100);
    coordinator.announce();
    join(setup, 'late', 2_000);
    void coordinator.shutdown();
    await clock.advance(1_999);
    expect(coordinator.phase).toBe('announce');
    await clock.advance(1);
    expect(courseOf(setup, 'late')).toEqual(['completed', 2_000, 2_000]);
    expect(coordinator.report?.status).toBe('completed');
  });

  it('is awaited, also when all others have settled by then', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    join(setup, 'early', 100);
    coordinator.announce();
    await clock.advance(60_000);
    join(setup, 'late', 2_000);
    void coordinator.shutdown();
    await clock.advance(2_000);
    expect(courseOf(setup, 'late')).toEqual(['completed', 2_000, 62_000]);
    expect(coordinator.report?.status).toBe('completed');
  });

  it('is awaited, also when it was registered by another one that came late', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    coordinator.announce();
    join(setup, 'late', 500, () => join(setup, 'later', 1_000, () => join(setup, 'latest', 3_000)));
    void coordinator.shutdown();
    await clock.advance(3_000);
    expect(courseOf(setup, 'later')).toEqual(['completed', 1_000, 3_000]);
    expect(courseOf(setup, 'latest')).toEqual(['completed', 3_000, 3_000]);
    expect(coordinator.report?.status).toBe('completed');
  });

  it('is awaited, also when one that came late registers it at its end', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    coordinator.announce();
    coordinator.register({
      name: 'late',
      announce: async () => {
        await new Promise<void>((resolve) => clock.setTimer(resolve, 400));
        join(setup, 'later', 1_000);
      },
    });
    await clock.advance(399);
    expect(ofType(setup.events, 'participant-started').map(({ name }) => name)).not.toContain('later');
    await clock.advance(1);
    void coordinator.shutdown();
    await clock.advance(1_000);
    expect(courseOf(setup, 'later')).toEqual(['completed', 1_000, 1_400]);
    expect(coordinator.report?.status).toBe('completed');
  });

  it('holds nothing up when it does not announce, or an operator resumes', async () => {
    const setup = setUp();
    const { clock, coordinator } = setup;
    coordinator.announce();
    coordinator.register({ name: 'quiet', drain: () => {} });
    join(setup, 'late', 60_000);
    await coordinator.resume();
    expect(coordinator.state).toBe('running');
    // That of the test's own announcing.
    expect(clock.pendingTimers).toBe(1);
  });
});
