import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { AnnounceDelay } from '../../../src/core/announce-delay.js';
import { Arrivals } from '../../../src/core/announce-delay.js';
import { Deadline } from '../../../src/util/deadline.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { OPTIONS, entryOf, never, ofType, setUp } from './coordinator-on-manual-clock.js';
import type { Setup } from './coordinator-on-manual-clock.js';

const SIGTERM = { kind: 'signal', signal: 'SIGTERM' } as const;

/** Milliseconds spent announcing, once that is over. */
function announcedMs({ events }: Setup): number | undefined {
  return ofType(events, 'phase-left').find(({ phase }) => phase === 'announce')?.durationMs;
}

describe('the announce delay', () => {
  it.each([
    ['a signal', SIGTERM, 1_000],
    ['close', { kind: 'close' }, 0],
    ['manual', 'a message', 0],
    ['an error', { kind: 'error', error: new Error('broken') }, 0],
    ['development', { kind: 'development' }, 0],
  ] as const)('is, for %s, what section 3 of the design says', async (_, reason, ms) => {
    const setup = setUp({ announceDelayMs: 1_000 });
    void setup.coordinator.shutdown(reason);
    await setup.clock.advance(10_000);
    expect(announcedMs(setup)).toBe(ms);
    expect(setup.coordinator.report?.status).toBe('completed');
  });

  it('is what the trigger asks for, if it does', async () => {
    const byHand = setUp({ announceDelayMs: 1_000 });
    void byHand.coordinator.shutdown('release', { announceDelayMs: 300 });
    await byHand.clock.advance(10_000);
    expect(announcedMs(byHand)).toBe(300);

    const onTerminal = setUp({ announceDelayMs: 1_000 });
    void onTerminal.coordinator.shutdown({ kind: 'signal', signal: 'SIGINT' }, { announceDelayMs: 0 });
    await onTerminal.clock.advance(0);
    expect(announcedMs(onTerminal)).toBe(0);
  });

  it('counts the time that an operator has already drained', async () => {
    const setup = setUp({ announceDelayMs: 1_000 });
    setup.coordinator.announce();
    await setup.clock.advance(600);
    void setup.coordinator.shutdown(SIGTERM);
    await setup.clock.advance(10_000);
    expect(announcedMs(setup)).toBe(1_000);
  });

  it('is over at once when an operator has drained for longer', async () => {
    const setup = setUp({ announceDelayMs: 1_000 });
    setup.coordinator.announce();
    await setup.clock.advance(5_000);
    void setup.coordinator.shutdown(SIGTERM);
    await setup.clock.advance(0);
    expect(setup.coordinator.state).toBe('completed');
    expect(announcedMs(setup)).toBe(5_000);
  });

  it('does not count an announcement that was undone', async () => {
    const setup = setUp({ announceDelayMs: 1_000 });
    const { clock, coordinator } = setup;
    coordinator.announce();
    await clock.advance(5_000);
    void coordinator.resume();
    void coordinator.shutdown(SIGTERM);
    await clock.advance(999);
    expect(coordinator.state).toBe('announce');
    await clock.advance(1);
    expect(coordinator.state).toBe('completed');
  });

  it('never takes of the reserve, and is reported when it would have', async () => {
    const setup = setUp({ announceDelayMs: 60_000 });
    void setup.coordinator.shutdown(SIGTERM);
    await setup.clock.advance(10_000);
    expect(announcedMs(setup)).toBe(8_000);
    expect(entryOf(setup.coordinator.report, 'announce delay', 'announce')?.outcome).toBe('abandoned');
    expect(setup.clock.pendingTimers).toBe(0);
  });

  it('is waited for while others are through with announcing, and they for it', async () => {
    const setup = setUp({ announceDelayMs: 1_000, participantTimeoutMs: 5_000 });
    setup.coordinator.register({
      name: 'slow',
      announce: () => new Promise((resolve) => setup.clock.setTimer(resolve, 1_500)),
    });
    void setup.coordinator.shutdown(SIGTERM);
    await setup.clock.advance(10_000);
    expect(announcedMs(setup)).toBe(1_500);
    expect(entryOf(setup.coordinator.report, 'announce delay', 'announce')?.durationMs).toBe(1_000);
  });
});

describe('the quiet period', () => {
  const options = { announceDelayMs: 1_000, quietPeriodMs: 400, announceMaxMs: 3_000 };

  /** Announces while a request arrives at each of these instants. */
  async function announceWithArrivals(arrivals: readonly number[]): Promise<Setup> {
    const setup = setUp(options);
    for (const at of arrivals) setup.clock.setTimer(() => setup.coordinator.arrivals.record(), at);
    void setup.coordinator.shutdown(SIGTERM);
    await setup.clock.advance(10_000);
    return setup;
  }

  it.each([
    ['not at all when nothing arrives', [], 1_000],
    ['not at all when the last request came early', [100, 600], 1_000],
    ['until it has been quiet for long enough', [900], 1_300],
    ['again with each request', [900, 1_200, 1_500], 1_900],
    ['not for a request after it', [900, 1_300 + 1], 1_300],
  ])('prolongs announcing %s', async (_, arrivals, ms) => {
    expect(announcedMs(await announceWithArrivals(arrivals))).toBe(ms);
  });

  it('prolongs announcing only to its cap', async () => {
    const always = Array.from({ length: 90 }, (_, index) => index * 100);
    expect(announcedMs(await announceWithArrivals(always))).toBe(3_000);
  });

  it('leaves one listener on the signal, however often it is prolonged', async () => {
    const clock = new ManualClock();
    const arrivals = new Arrivals(clock);
    const { signal } = new AbortController();
    const reason = { kind: 'close' } as const;
    const delay = new AnnounceDelay(clock, arrivals, { ...OPTIONS, ...options }, () => 1_000);
    const announced = delay.announce({
      reason,
      phase: 'announce',
      deadline: Deadline.none(clock),
      until: Deadline.none(clock),
      signal,
      overtaken: new AbortController().signal,
      terminating: Promise.resolve(reason),
      cut: () => {},
    });
    for (let at = 0; at < 2_000; at += 100) {
      arrivals.record();
      await clock.advance(100);
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    }
    await clock.advance(400);
    await announced;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('has no cap below the delay that was asked for', async () => {
    const setup = setUp({ ...options, announceMaxMs: 100 });
    void setup.coordinator.shutdown(SIGTERM);
    await setup.clock.advance(10_000);
    expect(announcedMs(setup)).toBe(1_000);
  });

  it('does not concern a shutdown without a delay', async () => {
    const setup = setUp(options);
    setup.coordinator.announce();
    setup.coordinator.arrivals.record();
    void setup.coordinator.shutdown({ kind: 'close' });
    await setup.clock.advance(0);
    expect(setup.coordinator.state).toBe('completed');
  });

  it('does not count requests from before the announcement', async () => {
    const setup = setUp(options);
    setup.coordinator.arrivals.record();
    await setup.clock.advance(1);
    void setup.coordinator.shutdown(SIGTERM);
    await setup.clock.advance(10_000);
    expect(setup.coordinator.report).not.toHaveProperty('announceNeedMs');
  });
});

describe('announceNeedMs', () => {
  it('tells when the last request arrived, be it late', async () => {
    const { clock, coordinator } = setUp({ announceDelayMs: 1_000 });
    coordinator.register({ name: 'http', drain: never });
    await clock.advance(5_000);
    void coordinator.shutdown(SIGTERM);
    await clock.advance(700);
    coordinator.arrivals.record();
    await clock.advance(1_700);
    coordinator.arrivals.record();
    await clock.advance(10_000);
    expect(coordinator.report?.announceNeedMs).toBe(2_400);
  });

  it('is absent when none did', async () => {
    const { clock, coordinator } = setUp();
    void coordinator.shutdown(SIGTERM);
    await clock.advance(0);
    expect(coordinator.report).not.toHaveProperty('announceNeedMs');
  });
});
