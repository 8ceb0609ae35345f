import { describe, expect, it } from '@jest/globals';
import type { CoordinatorOptions } from '../../../src/core/coordinator-options.js';
import type { LogEntry } from '../../../src/report/log-entry.js';
import { ReportEntry } from '../../../src/report/log-entry.js';
import { ShutdownLog } from '../../../src/report/shutdown-log.js';
import type { ShutdownContext } from '../../../src/core/participant.js';
import type { Setup } from '../core/coordinator-on-manual-clock.js';
import { never, setUp } from '../core/coordinator-on-manual-clock.js';

/** A coordinator whose log is kept as lines, each with its level. */
function setUpLogged(
  options: Partial<CoordinatorOptions> = {},
  logProgress = false,
): Setup & { readonly lines: string[]; readonly entries: ReportEntry[]; readonly fields: object[] } {
  const setup = setUp(options);
  const lines: string[] = [];
  const entries: ReportEntry[] = [];
  const fields: object[] = [];
  const at = (level: string) => (message: string | LogEntry) => {
    if (message instanceof ReportEntry) return void entries.push(message);
    lines.push(`${level} ${String(message)}`);
    fields.push(Object.fromEntries(Object.entries(message)));
  };
  const logger = { log: at('log'), warn: at('warn'), error: at('error') };
  const log = new ShutdownLog(setup.coordinator, logger, setup.clock, { logProgress });
  setup.coordinator.observe(log.observe);
  return { ...setup, lines, entries, fields };
}

describe('the log of a shutdown', () => {
  it('has a line for the trigger, one for each phase, and one for the outcome', async () => {
    const { clock, coordinator, lines } = setUpLogged();
    coordinator.register({
      name: 'jobs',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 300)),
    });
    void coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await clock.advance(300);
    expect(lines).toEqual([
      'log SIGTERM: shutting down, at most 10 s',
      'log announce took 0 ms',
      'log quiesce took 0 ms',
      'log drain took 300 ms',
      'log release took 0 ms',
      'log flush took 0 ms',
      'log shutdown completed in 300 ms of 10 s',
    ]);
  });

  it('names what failed, what was abandoned, what is slow and what was cut, each once', async () => {
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
    expect(lines.filter((line) => !/^log \w+ took/.test(line))).toEqual([
      'log manual: new release: shutting down, at most 10 s',
      'error broken failed in quiesce: gone (registered at app.ts:7)',
      'error stuck was abandoned in quiesce after 500 ms, because its time was up (registered at app.ts:7)',
      'warn cut in drain: request GET /slow, 8000 ms old',
      'warn slow has been in release for 500 ms, going on while there is time',
      'error shutdown failed in 1100 ms of 10 s, 1 cut',
    ]);
  });

  it('has its facts as fields, too', async () => {
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
        { message: 'SIGTERM: shutting down, at most 10 s', reason: 'signal', gracePeriodMs: 10_000 },
        { message: 'drain took 0 ms', phase: 'drain', durationMs: 0 },
        expect.objectContaining({ phase: 'drain', kind: 'request', name: 'GET /slow', ageMs: 8_000 }),
        expect.objectContaining({ participant: 'http', phase: 'flush', outcome: 'failed', durationMs: 0 }),
        expect.objectContaining({ status: 'failed', durationMs: 0, gracePeriodMs: 10_000, cuts: 1 }),
      ]),
    );
  });

  it('says who joins, who waits for itself, and who forces what', async () => {
    const { clock, coordinator, lines } = setUpLogged();
    coordinator.register({
      name: 'ouroboros',
      drain: async () => void (await coordinator.shutdown('again')),
    });
    void coordinator.shutdown();
    await clock.advance(100);
    coordinator.force('SIGINT again');
    await clock.advance(0);
    const told = lines.filter((line) => !/^log \w+ took/.test(line));
    expect(told.slice(1, 4)).toEqual([
      'warn ouroboros asks for a shutdown while it takes part in one: awaiting that, it would wait for itself',
      'log manual: again joins the shutdown under way',
      'error forced by SIGINT again: ouroboros (drain, 100 ms)',
    ]);
    expect(told.at(-1)).toBe('error shutdown forced in 100 ms of 10 s');
  });

  it('has the report itself, unless an application was closed and that was all', async () => {
    const [closed, failed, signalled] = [setUpLogged(), setUpLogged(), setUpLogged()];
    failed.coordinator.register({ name: 'broken', drain: () => Promise.reject(new Error('gone')) });

    await closed.coordinator.shutdown({ kind: 'close' });
    await failed.coordinator.shutdown({ kind: 'close' });
    await signalled.coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });

    expect(closed.entries).toEqual([]);
    expect(failed.entries.map(({ report }) => report)).toEqual([failed.coordinator.report]);
    expect(signalled.entries.map(({ report }) => report)).toEqual([signalled.coordinator.report]);
  });

  it('tells of a drain and its undoing without an error', async () => {
    const { clock, coordinator, lines } = setUpLogged();
    coordinator.announce('maintenance');
    await clock.advance(60_000);
    void coordinator.resume();
    await clock.advance(0);
    expect(lines).toEqual([
      'log operator: maintenance: announcing until resumed or shut down',
      'log announce took 60000 ms',
      'log resumed: accepting traffic again',
    ]);
  });

  it('warns once when it goes on past the deadline', async () => {
    const { clock, coordinator, lines } = setUpLogged({ forceAfterTimeout: false });
    coordinator.register({
      name: 'jobs',
      drain: () => new Promise((resolve) => clock.setTimer(resolve, 15_000)),
    });
    void coordinator.shutdown();
    await clock.advance(15_000);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      'warn drain is past its time; forceAfterTimeout is false, so it goes on',
    ]);
  });

  it('tells at intervals what is waited for, until the end', async () => {
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
      'log drain: waiting for http (drain, 5000 ms); 3 in flight (tunnel to 10.0.0.1:443, tunnel /a b), 15 s left',
      'log drain: waiting for http (drain, 10000 ms); 3 in flight, 10 s left',
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells no progress unless asked to', async () => {
    const { clock, coordinator, lines } = setUpLogged();
    coordinator.register({ name: 'stuck', drain: never });
    void coordinator.shutdown();
    await clock.advance(7_000);
    expect(lines.filter((line) => line.includes('waiting'))).toEqual([]);
  });
});
