import { describe, expect, it } from '@jest/globals';
import { PHASES } from '../../../src/core/phase.js';
import type { ShutdownParticipant } from '../../../src/core/participant.js';
import { entryOf, never, ofType, setUp } from './coordinator-on-manual-clock.js';

describe('a process that ends in the middle of a shutdown', () => {
  it.each(PHASES)('has its report in the same tick, in %s', async (phase) => {
    const { clock, coordinator, events } = setUp();
    const methods = Object.fromEntries(PHASES.map((each) => [each, each === phase ? never : () => {}]));
    coordinator.register({ name: 'stuck', ...methods }, { timeoutMs: Infinity });
    const finished = coordinator.shutdown();
    await clock.advance(40);

    coordinator.interrupt('process.exit(3)');

    const [{ report } = { report: undefined }] = ofType(events, 'finished');
    expect(report).toMatchObject({ status: 'interrupted', forcedBy: 'process.exit(3)', durationMs: 40 });
    expect(report?.pending).toMatchObject([{ name: 'stuck', phase, ageMs: 40 }]);
    const outcomes = PHASES.map((each) => entryOf(report, 'stuck', each)?.outcome);
    const before = PHASES.slice(0, PHASES.indexOf(phase)).map(() => 'completed');
    expect(outcomes).toEqual([...before, 'abandoned', ...Array(4 - before.length).fill('skipped')]);
    expect(clock.pendingTimers).toBe(0);
    // Should it go on after all, nothing is told twice.
    expect(await finished).toBe(report);
    await clock.advance(0);
    expect(ofType(events, 'finished')).toHaveLength(1);
  });

  it('has those in its report who were still to come in the phase', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'stuck', release: never }, { priority: 1 });
    coordinator.register({ name: 'next', release: () => {} });
    void coordinator.shutdown();
    await clock.advance(0);
    coordinator.interrupt('process.exit(3)');
    expect(entryOf(coordinator.report, 'next', 'release')?.outcome).toBe('skipped');
  });

  it('begins no code from outside any more, and has what others cut', async () => {
    const { clock, coordinator } = setUp();
    const asked: string[] = [];
    const busy = (name: string): ShutdownParticipant => ({
      name,
      inFlight: () => 1,
      drain: ({ signal, cut }) => {
        asked.push(name);
        signal.addEventListener('abort', () => cut({ kind: 'request', name: 'GET /', ageMs: 7 }));
        return never();
      },
    });
    coordinator.register({ name: 'stuck', announce: never }, { timeoutMs: Infinity });
    coordinator.register(busy('foreign'));
    coordinator.add({ participant: busy('own'), options: {}, registeredAt: 'here', cutsAtOnce: true });
    void coordinator.shutdown();
    await clock.advance(0);

    coordinator.interrupt('process.exit(3)');

    expect(asked).toEqual(['own']);
    expect(coordinator.report?.cuts).toMatchObject([{ name: 'GET /', participant: 'own' }]);
    expect(entryOf(coordinator.report, 'foreign', 'drain')?.outcome).toBe('skipped');
  });

  it('has a whole report even while it is being forced', async () => {
    const { clock, coordinator } = setUp();
    coordinator.register({ name: 'http', drain: never, release: () => {} });
    coordinator.observe(({ type }) => {
      if (type === 'forced') coordinator.interrupt('process.exit(3)');
    });
    void coordinator.shutdown();
    await clock.advance(0);
    coordinator.force('SIGINT again');
    expect(coordinator.report).toMatchObject({ status: 'forced', forcedBy: 'SIGINT again' });
    expect(entryOf(coordinator.report, 'http', 'drain')?.outcome).toBe('abandoned');
    expect(entryOf(coordinator.report, 'http', 'release')?.outcome).toBe('skipped');
  });

  it('has none when nothing was under way that could not be undone, or when it is over', async () => {
    const { clock, coordinator, events } = setUp();
    coordinator.interrupt('process.exit(0)');
    coordinator.announce();
    coordinator.interrupt('process.exit(0)');
    expect([coordinator.state, coordinator.report]).toEqual(['announce', undefined]);
    void coordinator.shutdown();
    await clock.advance(0);
    coordinator.interrupt('process.exit(0)');
    expect(ofType(events, 'finished').map(({ report }) => report.status)).toEqual(['completed']);
  });
});

describe('what keeps the process alive', () => {
  it.each([
    [true, { Timeout: 2 }],
    [false, {}],
  ])('is in the report where the end of the process was asked for: %s', async (exit, activeResources) => {
    const { clock, coordinator } = setUp({}, () => ({ Timeout: 2 }));
    void coordinator.shutdown('new release', { exit });
    await clock.advance(0);
    expect(coordinator.report).toMatchObject({ activeResources });
  });
});
