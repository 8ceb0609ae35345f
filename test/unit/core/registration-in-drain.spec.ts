import { describe, expect, it } from '@jest/globals';
import { setUp } from './coordinator-on-manual-clock.js';

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
});
