import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { LastLines } from '../../../src/report/last-lines.js';
import { isWriting, logStreams } from '../../../src/report/log-streams.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { deferred } from '../../../src/util/deferred.js';
import { strictProbes } from '../../support/strict-probes.js';
import { SAMPLE_REPORT } from '../core/sample-report.js';
import type { LastLinesDependencies } from '../../../src/report/last-lines.js';

const REPORT = { ...SAMPLE_REPORT, remainingMs: 5_000 };

function setUp(given: Partial<LastLinesDependencies>) {
  const clock = new ManualClock();
  const aside: string[] = [];
  const lastLines = new LastLines({
    clock,
    probes: strictProbes(),
    flushLogs: undefined,
    loggers: () => [],
    closeLoggers: async () => {},
    printAside: (line) => void aside.push(line),
    ...given,
  });
  return { clock, aside, lastLines };
}

/** A stream that writes when it is told to. */
function slowStream() {
  const begun: (() => void)[] = [];
  const stream = new Writable({ write: (_chunk, _encoding, done) => void begun.push(done) });
  return { stream, finish: () => begun.shift()?.() };
}

describe('the last lines', () => {
  it('call flushLogs before the loggers are closed', async () => {
    const calls: string[] = [];
    const { lastLines } = setUp({
      flushLogs: async () => void calls.push('flush'),
      closeLoggers: async () => void calls.push('close'),
    });

    await lastLines.end(REPORT);

    expect(calls).toEqual(['flush', 'close']);
  });

  it('do not wait longer than a second for both, and say on stderr how it ended', async () => {
    const never = (): Promise<void> => new Promise(() => {});
    const { clock, aside, lastLines } = setUp({ flushLogs: never, closeLoggers: never });

    const ended = lastLines.end(REPORT);
    await clock.advance(999);
    expect(aside).toEqual([]);
    await clock.advance(1);
    await ended;

    expect(aside).toEqual([
      expect.stringMatching(/^flushLogs is still running; no longer waiting\. SIGTERM: forced/),
      expect.stringMatching(/^closing the loggers is still running; no longer waiting\. SIGTERM: forced/),
    ]);
  });

  it('tell of a failure', async () => {
    const { aside, lastLines } = setUp({ flushLogs: () => Promise.reject(new Error('no network')) });

    await lastLines.end(REPORT);

    expect(aside).toEqual([expect.stringMatching(/^flushLogs failed: no network\. SIGTERM: forced/)]);
  });

  it.each([
    [5_000, 1_000],
    [300, 300],
    [0, 100],
  ])('have, with %i ms left, %i ms', (remainingMs, limitMs) => {
    expect(LastLines.limitMs({ remainingMs })).toBe(limitMs);
  });

  it('wait for a stream that is still writing, and for nothing else', async () => {
    const { stream, finish } = slowStream();
    const { lastLines, aside } = setUp({ loggers: () => [{ out: stream }] });
    await lastLines.end(REPORT);
    await lastLines.written(REPORT);
    stream.write('a line');
    const isWritten = deferred<void>();

    const written = lastLines.written(REPORT).then(() => isWritten.resolve());
    expect(await Promise.race([isWritten.promise.then(() => 'over'), Promise.resolve('waiting')])).toBe(
      'waiting',
    );
    finish();
    await written;

    expect(aside).toEqual([]);
  });
});

describe('the streams of a logger', () => {
  const find = (...loggers: unknown[]): object[] => logStreams(loggers, strictProbes());

  it('are found in its properties, in arrays, behind symbols and behind pipes', () => {
    const streams = [slowStream().stream, slowStream().stream, slowStream().stream];
    const [inArray, behindSymbol, behindPipe] = streams as [Writable, Writable, Writable];
    const through = new PassThrough();
    through.pipe(behindPipe);

    const found = find({ transports: [{ inArray }], inner: { [Symbol('hidden')]: behindSymbol }, through });

    expect(found).toEqual(expect.arrayContaining([...streams, through]));
  });

  it('are not looked for in accessors, sockets and endless graphs', () => {
    let next: object = {};
    for (let depth = 0; depth < 1_000; depth += 1) next = { next };
    const trap = Object.defineProperty({}, 'out', {
      enumerable: true,
      get: () => {
        throw new Error('read');
      },
    });

    expect(
      find(trap, next, process.stdout, new Proxy({}, { ownKeys: () => ['x'] }), undefined, 'text'),
    ).toEqual([]);
  });

  it('are done when they are destroyed', () => {
    const { stream } = slowStream();
    stream.write('a line');
    expect(isWriting(stream)).toBe(true);
    stream.destroy();
    expect(isWriting(stream)).toBe(false);
  });
});
