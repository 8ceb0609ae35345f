import { afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { eventually } from '../../support/http/eventually.js';
import { open, retriesIn, StreamingServer } from './streaming-server.js';
import type { RawClient } from '../../support/http/raw-client.js';
import type { Clock } from '../../../src/util/clock.js';

let served: StreamingServer;

afterEach(() => served.close());

describe('the window', () => {
  const WINDOW_MS = 2_000;
  const clock = () => new ManualClock();

  function listenAll(count: number): Promise<readonly RawClient[]> {
    return Promise.all(Array.from({ length: count }, () => served.listen()));
  }
  const ended = (clients: readonly { received: string }[]) =>
    clients.filter(({ received }) => received.includes('shutdown')).length;

  it('spreads the reconnects of a few clients; their streams end at once', async () => {
    served = await StreamingServer.start(undefined, { clock: clock(), windowMs: WINDOW_MS });
    const clients = await listenAll(10);
    await served.drained.shutdown();
    const retries = clients.flatMap(({ received }) => retriesIn(received)).toSorted((a, b) => a - b);
    expect(retries.map((ms) => Math.floor((ms - 1_000) / (WINDOW_MS / 10)))).toEqual([...Array(10).keys()]);
  });

  it('ends many streams over half the window, and each client waits as long again', async () => {
    const manual = clock();
    served = await StreamingServer.start(undefined, { clock: manual, windowMs: WINDOW_MS });
    const clients = await listenAll(100);
    const over = served.drained.shutdown();
    await served.drained.entered('drain');

    for (let tenth = 1; tenth <= 10; tenth += 1) {
      await manual.advance(WINDOW_MS / 20);
      await eventually(() => ended(clients) === 10 * tenth);
      const latest = Math.max(...clients.flatMap(({ received }) => retriesIn(received)));
      expect(Math.abs(latest - 1_000 - manual.now())).toBeLessThan(WINDOW_MS / 50);
    }
    await over;
    const waits = clients.flatMap(({ received }) => retriesIn(received)).map((ms) => ms - 1_000);
    expect(waits).toHaveLength(100);
    // Timers count whole milliseconds: the first stream may end up to one after its place.
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(-1);
    expect(manual.pendingTimers).toBe(0);
  });

  it('keeps its plan when streams end late because the event loop was busy', async () => {
    const manual = clock();
    const late: Clock = {
      now: () => manual.now(),
      wallTime: () => manual.wallTime(),
      setTimer: (callback, delayMs) => manual.setTimer(callback, delayMs + 300),
    };
    const endedAt = new Map<string, number>();
    served = await StreamingServer.start(
      (request, response) => {
        const end = response.end.bind(response);
        response.end = () => {
          endedAt.set(String(request.url), manual.now());
          return end();
        };
        open(response);
      },
      { clock: late, windowMs: WINDOW_MS },
    );
    const clients = await Promise.all(Array.from({ length: 100 }, (_, index) => served.listen(`/${index}`)));
    void served.drained.shutdown();
    await served.drained.entered('drain');
    await manual.advance(2 * WINDOW_MS);
    await eventually(() => ended(clients) === 100);

    const backAt = clients.map(({ received }, index) => endedAt.get(`/${index}`)! + retriesIn(received)[0]!);
    for (const [index, at] of backAt.toSorted((a, b) => a - b).entries()) {
      expect(Math.abs(at - 1_000 - (index + 0.5) * (WINDOW_MS / 100))).toBeLessThanOrEqual(
        WINDOW_MS / 200 + 1,
      );
    }
  });

  it('does not touch a stream that has ended by itself', async () => {
    const manual = clock();
    served = await StreamingServer.start(undefined, { clock: manual, windowMs: WINDOW_MS });
    const clients = await listenAll(100);
    const over = served.drained.shutdown();
    await served.drained.entered('drain');
    const errors: unknown[] = [];
    const [last] = served.responses.filter(({ writableEnded }) => !writableEnded).slice(-1);
    last!.on('error', (error) => errors.push(error));
    // So much that it is still being sent at the instant of this stream.
    for (const client of clients) client.socket.pause();
    last!.end('x'.repeat(20_000_000));
    await manual.advance(WINDOW_MS);
    for (const client of clients) client.socket.resume();
    await over;
    expect(errors).toEqual([]);
    expect(ended(clients)).toBe(99);
  });

  it('ends at once when the drain is abandoned', async () => {
    served = await StreamingServer.start(undefined, {
      clock: clock(),
      windowMs: WINDOW_MS,
      coordinator: { drainTimeoutMs: 50 },
    });
    const clients = await listenAll(100);
    const { status } = await served.drained.shutdown();
    await Promise.all(clients.map(({ ended: end }) => end));
    expect(ended(clients)).toBe(100);
    expect(status).toBe('failed');
  });
});
