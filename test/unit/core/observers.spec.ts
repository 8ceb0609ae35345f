import { describe, expect, it } from '@jest/globals';
import { ShutdownLog } from '../../../src/report/shutdown-log.js';
import { ofType, setUp } from './coordinator-on-manual-clock.js';
import type { ShutdownEvent, ShutdownObserver } from '../../../src/core/events.js';
import type { Setup } from './coordinator-on-manual-clock.js';

/** Every kind of event that an announcement can have. */
const IN_ANNOUNCEMENT = [
  'announced',
  'phase-entered',
  'participant-started',
  'cut',
  'participant-settled',
  'observer-failed',
] as const satisfies readonly ShutdownEvent['type'][];

/** Participants that note their calls: one cuts, one fails, one lasts, one joins late. */
function register({ clock, coordinator }: Setup): string[] {
  const calls: string[] = [];
  const note = (what: string): void => void calls.push(what);
  coordinator.register({
    name: 'lasting',
    announce: async () => {
      note('lasting announces');
      await new Promise<void>((resolve) => clock.setTimer(resolve, 100));
    },
    resume: () => note('lasting resumes'),
  });
  coordinator.register({
    name: 'failing',
    announce: () => {
      note('failing announces');
      throw new Error('broken');
    },
    resume: () => note('failing resumes'),
  });
  coordinator.register({
    name: 'cutting',
    announce: ({ cut }) => {
      note('cutting announces');
      cut({ kind: 'task', name: 'mail', ageMs: 1 });
    },
    resume: () => note('cutting resumes'),
  });
  coordinator.register({ name: 'quiescing', quiesce: () => note('quiesced') });
  return calls;
}

describe('an observer that resumes in the middle of an announcement', () => {
  it.each(IN_ANNOUNCEMENT)('undoes it, and nothing runs after that: on %s', async (when) => {
    const setup = setUp();
    const { clock, coordinator, events } = setup;
    const calls = register(setup);
    coordinator.observe(({ type }) => {
      if (type === 'participant-started') throw new Error('gone');
    });
    let resumed: Promise<void> | undefined;
    const stop = coordinator.observe(({ type }) => {
      if (type !== when || resumed) return;
      resumed = coordinator.resume();
    });

    coordinator.announce();
    await clock.advance(1_000);

    expect(resumed).toBeDefined();
    await resumed;
    expect(coordinator).toMatchObject({ state: 'running', isShuttingDown: false });
    expect(coordinator.signal.aborted).toBe(false);
    const begun = calls.filter((call) => call.endsWith('announces')).map((call) => call.split(' ')[0]);
    expect(calls).toEqual([
      ...begun.map((name) => `${name} announces`),
      ...calls.filter((call) => call.endsWith('resumes')),
    ]);
    // Whoever has announced undoes it, and whoever has not does nothing.
    expect(calls.filter((call) => call.endsWith('resumes'))).toEqual(begun.map((name) => `${name} resumes`));
    expect(ofType(events, 'resumed')).toHaveLength(1);
    expect(ofType(events, 'phase-entered').length).toBe(ofType(events, 'phase-left').length);
    expect(clock.pendingTimers).toBe(0);
    stop();

    calls.length = 0;
    expect(coordinator.announce()).toBe(true);
    await clock.advance(1_000);
    expect(calls).toEqual(['cutting announces', 'failing announces', 'lasting announces']);
    await coordinator.shutdown();
    expect(calls.at(-1)).toBe('quiesced');
    expect(coordinator.report).toMatchObject({ status: 'failed', reason: { kind: 'manual' } });
  });
});

describe('an observer that fails with every event', () => {
  it.each<[string, (observer: number, type: string) => unknown]>([
    [
      'throws',
      (observer, type) => {
        throw new Error(`${observer} at ${type}`);
      },
    ],
    ['rejects', (observer, type) => Promise.reject(new Error(`${observer} at ${type}`))],
  ])('is logged once, with its first error: it %s', async (_, fail) => {
    const setup = setUp();
    const { clock, coordinator, events } = setup;
    register(setup);
    const errors: string[] = [];
    const logger = { log() {}, warn() {}, error: (line: unknown) => void errors.push(String(line)) };
    const log = new ShutdownLog(coordinator, logger, clock, { logProgress: false });
    coordinator.observe(log.observe);
    for (const observer of [1, 2]) {
      coordinator.observe(((event) => fail(observer, event.type)) as ShutdownObserver);
    }
    coordinator.announce();
    await clock.advance(1_000);
    await coordinator.resume();
    void coordinator.shutdown();
    await clock.advance(1_000);
    expect(ofType(events, 'observer-failed')).toHaveLength(2);
    expect(errors.filter((line) => line.startsWith('a shutdown observer'))).toEqual([
      expect.stringMatching(/^a shutdown observer failed: 1 at announced/),
      expect.stringMatching(/^a shutdown observer failed: 2 at /),
    ]);
    expect(coordinator.report?.reason.kind).toBe('manual');
  });
});
