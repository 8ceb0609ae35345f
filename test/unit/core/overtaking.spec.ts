import { describe, expect, it } from '@jest/globals';
import type { ShutdownContext } from '../../../src/core/participant.js';
import { entryOf, never, ofType, setUp } from './coordinator-on-manual-clock.js';
import type { Setup } from './coordinator-on-manual-clock.js';

const GRACE = { gracePeriodMs: 8_000, participantTimeoutMs: 5_000 };

/** One step that takes its time in release, and another one after it. */
function setUpSlow(takesMs: number, options: Parameters<typeof setUp>[0] = {}): Setup {
  const setup = setUp({ ...GRACE, ...options });
  const { clock, coordinator } = setup;
  const release = (): Promise<void> =>
    takesMs === Infinity ? never() : new Promise((resolve) => clock.setTimer(resolve, takesMs));
  coordinator.register({ name: 'slow', release }, { priority: 1 });
  coordinator.register({ name: 'next', release: () => {} });
  return setup;
}

describe('a step that takes longer than its share', () => {
  it('completes where there is time: one that needs 5 s of 8 s does', async () => {
    const { clock, coordinator } = setUpSlow(5_000);
    void coordinator.shutdown();
    await clock.advance(5_000);
    expect(entryOf(coordinator.report, 'slow', 'release')).toEqual({
      name: 'slow',
      phase: 'release',
      outcome: 'completed',
      startedMs: 0,
      overtakenMs: 4_000,
      durationMs: 5_000,
    });
    expect(entryOf(coordinator.report, 'next', 'release')).toMatchObject({ startedMs: 4_000 });
    expect(coordinator.report).toMatchObject({ status: 'completed', durationMs: 5_000, pending: [] });
    expect(clock.pendingTimers).toBe(0);
  });

  it('is told of once, and is not called slow beside', async () => {
    const { clock, coordinator, events } = setUpSlow(5_000);
    void coordinator.shutdown();
    await clock.advance(5_000);
    expect(ofType(events, 'participant-overtaken')).toEqual([
      { type: 'participant-overtaken', name: 'slow', phase: 'release', ageMs: 4_000 },
    ]);
    expect(ofType(events, 'participant-slow')).toEqual([]);
    const order = events
      .flatMap((event) => ('phase' in event && 'name' in event ? [event] : []))
      .filter(({ phase }) => phase === 'release')
      .map(({ type, name }) => `${type} ${name}`);
    expect(order).toEqual([
      'participant-started slow',
      'participant-overtaken slow',
      'participant-started next',
      'participant-settled next',
      'participant-settled slow',
    ]);
  });

  it('is waited for when every phase has been left, and is among what is pending', async () => {
    const { clock, coordinator, events } = setUpSlow(5_000);
    coordinator.register({ name: 'log', flush: () => {} });
    void coordinator.shutdown();
    await clock.advance(4_500);
    expect(ofType(events, 'phase-left').map(({ phase }) => phase)).toContain('flush');
    expect(coordinator.phase).toBe('flush');
    expect(coordinator.report).toBeUndefined();
    expect(coordinator.progress().pending).toMatchObject([{ name: 'slow', phase: 'release', ageMs: 4_500 }]);
    await clock.advance(500);
    expect(coordinator.report?.status).toBe('completed');
  });

  it('is forced and named at the deadline', async () => {
    const { clock, coordinator } = setUpSlow(Infinity);
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(entryOf(coordinator.report, 'slow', 'release')).toMatchObject({
      outcome: 'abandoned',
      cause: 'forced',
      overtakenMs: 4_000,
      durationMs: 8_000,
    });
    expect(coordinator.report).toMatchObject({
      status: 'forced',
      forcedBy: 'deadline',
      durationMs: 8_000,
      pending: [{ name: 'slow', phase: 'release', ageMs: 8_000 }],
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it('is reported as failed when it fails later', async () => {
    const { clock, coordinator } = setUp(GRACE);
    coordinator.register(
      {
        name: 'slow',
        release: async () => {
          await new Promise<void>((resolve) => clock.setTimer(resolve, 5_000));
          throw new Error('gone');
        },
      },
      { priority: 1 },
    );
    coordinator.register({ name: 'next', release: () => {} });
    void coordinator.shutdown();
    await clock.advance(5_000);
    expect(entryOf(coordinator.report, 'slow', 'release')).toMatchObject({
      outcome: 'failed',
      error: 'gone',
      overtakenMs: 4_000,
    });
    expect(coordinator.report?.status).toBe('failed');
  });

  it.each([
    { end: 'forced', by: 'SIGINT again' },
    { end: 'interrupted', by: 'process.exit(3)' },
  ] as const)('is $end with the rest, when nothing else is left', async ({ end, by }) => {
    const { clock, coordinator } = setUpSlow(Infinity);
    void coordinator.shutdown();
    await clock.advance(4_500);
    if (end === 'forced') coordinator.force(by);
    else coordinator.interrupt(by);
    await clock.advance(0);
    expect(coordinator.report).toMatchObject({
      status: end,
      forcedBy: by,
      durationMs: 4_500,
      pending: [{ name: 'slow', phase: 'release' }],
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it('is the last one: nothing follows, and nothing is told', async () => {
    const { clock, coordinator, events } = setUp(GRACE);
    coordinator.register({
      name: 'slow',
      flush: () => new Promise((resolve) => clock.setTimer(resolve, 7_999)),
    });
    void coordinator.shutdown();
    await clock.advance(7_999);
    expect(ofType(events, 'participant-overtaken')).toEqual([]);
    expect(coordinator.report?.status).toBe('completed');
  });

  it('is not overtaken where the deadline is not enforced', async () => {
    const { clock, coordinator, events } = setUpSlow(20_000, { forceAfterTimeout: false });
    void coordinator.shutdown();
    await clock.advance(20_000);
    expect(ofType(events, 'participant-overtaken')).toEqual([]);
    expect(entryOf(coordinator.report, 'next', 'release')).toMatchObject({ startedMs: 20_000 });
    expect(coordinator.report?.status).toBe('completed');
  });

  it.each(['announce', 'quiesce', 'drain'] as const)('is not overtaken in %s', async (phase) => {
    const { clock, coordinator, events } = setUp(GRACE);
    coordinator.register({ name: 'slow', [phase]: never }, { priority: 1 });
    coordinator.register({ name: 'next', [phase]: () => {}, release: () => {}, flush: () => {} });
    void coordinator.shutdown();
    await clock.advance(8_000);
    expect(ofType(events, 'participant-overtaken')).toEqual([]);
    expect(entryOf(coordinator.report, 'slow', phase)).toMatchObject({
      outcome: 'abandoned',
      cause: 'timeout',
    });
  });
});

describe('the signal `overtaken` of a participant', () => {
  async function contextOfSlow(): Promise<Setup & { readonly context: ShutdownContext }> {
    const setup = setUp(GRACE);
    let context: ShutdownContext | undefined;
    const release = (given: ShutdownContext): Promise<never> => {
      context = given;
      return never();
    };
    setup.coordinator.register({ name: 'slow', release }, { priority: 1 });
    setup.coordinator.register({ name: 'next', release: () => {} });
    void setup.coordinator.shutdown();
    await setup.clock.advance(0);
    return { ...setup, context: context! };
  }

  it('aborts when the next step starts, which the other signal does not', async () => {
    const { clock, context } = await contextOfSlow();
    const { overtaken, signal } = context;
    await clock.advance(3_999);
    expect(overtaken.aborted).toBe(false);
    await clock.advance(1);
    expect(overtaken.reason).toMatchObject({
      code: 'SHUTDOWN_OVERTAKEN',
      message: 'slow was overtaken in release: the next step has started',
    });
    expect(signal.aborted).toBe(false);
    await clock.advance(4_000);
    expect(signal.reason).toMatchObject({ code: 'SHUTDOWN_FORCED' });
  });

  it('has aborted for one that asks for it later', async () => {
    const { clock, context } = await contextOfSlow();
    await clock.advance(5_000);
    expect(context.overtaken.aborted).toBe(true);
    expect(context.overtaken).toBe(context.overtaken);
  });

  it('does not abort for one that was abandoned first', async () => {
    const { coordinator, context } = await contextOfSlow();
    const { overtaken } = context;
    coordinator.force('SIGINT again');
    expect(overtaken.aborted).toBe(false);
  });

  it('comes before anything that follows, so that the participant can end in time', async () => {
    const { clock, coordinator } = setUp(GRACE);
    const log: string[] = [];
    coordinator.register(
      {
        name: 'slow',
        release: ({ overtaken }) =>
          new Promise((resolve) => {
            overtaken.addEventListener('abort', () => {
              log.push('overtaken');
              resolve();
            });
          }),
      },
      { priority: 1 },
    );
    coordinator.register({ name: 'next', release: () => void log.push('next') });
    void coordinator.shutdown();
    await clock.advance(4_000);
    expect(log).toEqual(['overtaken', 'next']);
    expect(coordinator.report?.status).toBe('completed');
  });
});
