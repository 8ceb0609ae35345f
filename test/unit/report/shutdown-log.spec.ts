import { describe, expect, it } from '@jest/globals';
import type { CoordinatorOptions } from '../../../src/core/coordinator-options.js';
import type { LogEntry } from '../../../src/report/log-entry.js';
import { RESERVED_KEYS } from '../../../src/report/log-entry.js';
import { ShutdownLog } from '../../../src/report/shutdown-log.js';
import type { ShutdownContext } from '../../../src/core/participant.js';
import type { Setup } from '../core/coordinator-on-manual-clock.js';
import { never, setUp } from '../core/coordinator-on-manual-clock.js';

/** A coordinator whose log is kept as lines, each with its level. */
function setUpLogged(
  options: Partial<CoordinatorOptions> = {},
  logProgress = false,
): Setup & { readonly lines: string[]; readonly fields: Record<string, unknown>[] } {
  const setup = setUp(options);
  const lines: string[] = [];
  const fields: Record<string, unknown>[] = [];
  const at = (level: string) => (message: string | LogEntry) => {
    lines.push(`${level} ${String(message)}`);
    fields.push(Object.fromEntries(Object.entries(message)));
  };
  const logger = { log: at('log'), warn: at('warn'), error: at('error'), debug: at('debug') };
  const log = new ShutdownLog(setup.coordinator, logger, setup.clock, { logProgress });
  setup.coordinator.observe(log.observe);
  return { ...setup, lines, fields };
}

describe('the log of a shutdown', () => {
  it('has a line for the trigger and one for the outcome, and the phases as a detail', async () => {
    const { clock, coordinator, lines } = setUpLogged({}, true);
    coordinator.register({
      name: 'jobs',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 300)),
      inFlight: () => (clock.now() < 300 ? 2 : 0),
      statistics: () => ({ drained: 2 }),
    });
    void coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await clock.advance(300);
    expect(lines).toEqual([
      'log SIGTERM: shutting down within 10000 ms; 2 in flight (jobs: 2)',
      'debug phases: announce 0 ms, quiesce 0 ms, drain 300 ms, release 0 ms, flush 0 ms',
      'log shutdown completed after 300 ms of 10000 ms; 2 requests drained; slowest: jobs in drain, 300 ms',
    ]);
  });

  it('names once what failed, was abandoned, is slow and was cut', async () => {
    const { clock, coordinator, lines } = setUpLogged();
    const registeredAt = 'app.ts:7';
    const add = (participant: Parameters<typeof coordinator.register>[0]): unknown =>
      coordinator.add({ participant, options: {}, registeredAt });
    add({
      name: 'broken',
      quiesce: () => {
        throw new Error('gone');
      },
    });
    add({ name: 'http', drain: ({ cut }) => cut({ kind: 'request', name: 'GET /slow', ageMs: 8_000.4 }) });
    add({ name: 'stuck', quiesce: never });
    add({ name: 'slow', release: () => new Promise((resolve) => clock.setTimer(resolve, 600)) });
    void coordinator.shutdown('new release');
    await clock.advance(10_000);
    expect(lines).toEqual([
      'log manual: new release: shutting down within 10000 ms; nothing in flight',
      'error broken failed in quiesce: gone (registered at app.ts:7)',
      'error stuck was abandoned in quiesce after 500 ms: timed out; bound what it waits for, or raise its timeoutMs (registered at app.ts:7)',
      'warn cut in drain: request GET /slow after 8000 ms',
      'warn slow is still running in release after 500 ms; waiting while time is left',
      'error shutdown failed after 1100 ms of 10000 ms; 1 cut; slowest: slow in release, 600 ms',
    ]);
  });

  it('names what is overtaken, once, and goes on telling of it until it is over', async () => {
    const { clock, coordinator, lines, fields } = setUpLogged(
      { gracePeriodMs: 8_000, participantTimeoutMs: 5_000 },
      true,
    );
    const slow = {
      name: 'slow',
      release: () => new Promise<void>((resolve) => clock.setTimer(resolve, 7_000)),
    };
    coordinator.register(slow, { priority: 1 });
    coordinator.register({ name: 'next', release: () => {} });
    void coordinator.shutdown('new release');
    await clock.advance(10_000);
    expect(lines.slice(1)).toEqual([
      'warn slow is still running in release after 4000 ms; the next step has started beside it',
      'log flush: waiting for slow (release, 5000 ms); 0 in flight, 3000 ms left',
      'debug phases: announce 0 ms, quiesce 0 ms, drain 0 ms, release 4000 ms, flush 0 ms',
      'log shutdown completed after 7000 ms of 8000 ms; slowest: slow in release, 7000 ms',
    ]);
    expect(fields).toContainEqual({
      message: expect.any(String),
      participant: 'slow',
      phase: 'release',
      ageMs: 4_000,
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it('has stopped its timer when what keeps the process alive is counted', async () => {
    const { clock, coordinator } = setUpLogged({}, true);
    const left: number[] = [];
    coordinator.observe(({ type }) => {
      if (type === 'finished') left.push(clock.pendingTimers);
    });
    const slow = {
      name: 'slow',
      release: () => new Promise<void>((resolve) => clock.setTimer(resolve, 700)),
    };
    coordinator.register(slow, { priority: 1 });
    coordinator.register({ name: 'next', release: () => {} });
    void coordinator.shutdown();
    await clock.advance(700);
    expect(left).toEqual([0]);
  });

  it('carries its facts as fields', async () => {
    const { clock, coordinator, fields } = setUpLogged();
    const participant = {
      name: 'http',
      drain: ({ cut }: ShutdownContext) => cut({ kind: 'request', name: 'GET /slow', ageMs: 8_000 }),
      flush: () => Promise.reject(new Error('gone')),
    };
    coordinator.add({ participant, options: {}, registeredAt: 'app.ts:7' });
    void coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await clock.advance(0);
    expect(fields).toEqual(
      expect.arrayContaining([
        {
          message: 'SIGTERM: shutting down within 10000 ms; nothing in flight',
          reason: 'signal',
          signal: 'SIGTERM',
          gracePeriodMs: 10_000,
          inFlight: 0,
        },
        expect.objectContaining({ phase: 'drain', kind: 'request', work: 'GET /slow', ageMs: 8_000 }),
        expect.objectContaining({ participant: 'http', phase: 'flush', outcome: 'failed', durationMs: 0 }),
        expect.objectContaining({
          shutdownStatus: 'failed',
          reason: 'signal',
          signal: 'SIGTERM',
          durationMs: 0,
          gracePeriodMs: 10_000,
          cuts: 1,
          report: coordinator.report,
        }),
      ]),
    );
  });

  it('reports a second trigger, a deadlock and what forced the end', async () => {
    const { clock, coordinator, lines } = setUpLogged();
    coordinator.register({
      name: 'ouroboros',
      drain: async () => void (await coordinator.shutdown('again')),
    });
    void coordinator.shutdown();
    await clock.advance(100);
    coordinator.force('SIGINT again');
    await clock.advance(0);
    expect(lines.slice(1, 4)).toEqual([
      'log manual: again: shutdown already in progress',
      'warn ouroboros called shutdown() or close() from inside the shutdown; awaiting it deadlocks',
      'error forced by SIGINT again; pending: ouroboros (drain, 100 ms)',
    ]);
    expect(lines.at(-1)).toBe(
      'error shutdown forced after 100 ms of 10000 ms; slowest: ouroboros in drain, 100 ms',
    );
  });

  it('has the report itself, except after a clean close()', async () => {
    const [closed, failed, signalled] = [setUpLogged(), setUpLogged(), setUpLogged()];
    failed.coordinator.register({ name: 'broken', drain: () => Promise.reject(new Error('gone')) });

    await closed.coordinator.shutdown({ kind: 'close' });
    await failed.coordinator.shutdown({ kind: 'close' });
    await signalled.coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });

    const reports = [closed, failed, signalled].map(({ fields }) => fields.at(-1)?.['report']);
    expect(reports).toEqual([undefined, failed.coordinator.report, signalled.coordinator.report]);
  });

  it('reports an announcement and its resume without an error', async () => {
    const { clock, coordinator, lines } = setUpLogged();
    coordinator.announce('maintenance');
    await clock.advance(60_000);
    void coordinator.resume();
    await clock.advance(0);
    expect(lines).toEqual([
      'log operator: maintenance: announcing until resumed or shut down',
      'log resumed: accepting traffic again',
    ]);
  });

  it('warns once when it exceeds the deadline', async () => {
    const { clock, coordinator, lines } = setUpLogged({ forceAfterTimeout: false });
    coordinator.register({
      name: 'jobs',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 15_000)),
    });
    void coordinator.shutdown();
    await clock.advance(15_000);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      'warn drain exceeded its deadline; still waiting (forceAfterTimeout: false)',
    ]);
  });

  it('says at intervals what it is waiting for, until the end', async () => {
    const { clock, coordinator, lines } = setUpLogged({ gracePeriodMs: 20_000 }, true);
    coordinator.register({
      name: 'http',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 11_000)),
      inFlight: () => (clock.now() < 11_000 ? 3 : 0),
      unfinished: () => (clock.now() < 10_000 ? ['tunnel to 10.0.0.1:443', 'tunnel /a\nb'] : []),
    });
    void coordinator.shutdown();
    await clock.advance(11_000);
    expect(lines.filter((line) => line.includes('waiting'))).toEqual([
      'log drain: waiting for http (drain, 5000 ms); 3 in flight (tunnel to 10.0.0.1:443, tunnel /a\\nb), 15000 ms left',
      'log drain: waiting for http (drain, 10000 ms); 3 in flight, 10000 ms left',
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has no progress lines by default', async () => {
    const { clock, coordinator, lines } = setUpLogged();
    coordinator.register({ name: 'stuck', drain: never });
    void coordinator.shutdown();
    await clock.advance(7_000);
    expect(lines.filter((line) => line.includes('waiting'))).toEqual([]);
  });
});

describe('the fields of the log', () => {
  it('have no name that loggers and log services use themselves, and whole milliseconds', async () => {
    const { clock, coordinator, fields } = setUpLogged({ gracePeriodMs: 8_000 }, true);
    const lasting = (ms: number) => (): Promise<void> =>
      new Promise((resolve) => clock.setTimer(resolve, ms));
    coordinator.register({
      name: 'http',
      drain: ({ cut }) => cut({ kind: 'request', name: 'GET /slow', ageMs: 1.5, progress: 3 }),
      inFlight: () => 1,
      flush: () => Promise.reject(new Error('gone')),
      statistics: () => 'none' as never,
    });
    coordinator.register({ name: 'slow', release: lasting(7_000.25) }, { priority: 1 });
    coordinator.register({ name: 'stuck', quiesce: never });
    coordinator.register({ name: 'ouroboros', drain: async () => void coordinator.shutdown('again') });
    coordinator.announce('maintenance');
    await clock.advance(10.7);
    void coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await clock.advance(20_000);

    const keys = new Set(fields.flatMap((entry) => Object.keys(entry)));
    keys.delete('message');
    expect([...keys].filter((key) => RESERVED_KEYS.has(key))).toEqual([]);
    expect(keys.size).toBeGreaterThan(15);
    const numbers = JSON.stringify(fields).match(/"[a-zA-Z]+Ms":[^,}]+/g);
    expect(numbers!.filter((number) => !/:\d+$/.test(number))).toEqual([]);
  });
});
