import { afterEach, describe, expect, it } from '@jest/globals';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { eventually } from '../../support/http/eventually.js';
import { MANY_BYTES } from '../../support/http/sample-routes.js';
import { ADAPTERS, ServedApplication } from './served-application.js';

/** Half of it is the budget of a connection. Short, for a test that waits for it; no test depends on how long it is. */
const DRAIN_MS = 1_000;

describe.each(ADAPTERS)('a transfer of a Nest application on $name', (adapter) => {
  let served: ServedApplication;

  afterEach(() => served.close());
  guardAgainstLeaks();

  const inFlight = (count: number): Promise<void> =>
    eventually(() => served.coordinator.progress().inFlight === count);

  it('of an async iterable continues while it is being computed', async () => {
    served = await ServedApplication.start(adapter, {
      drainTimeoutMs: 5_000,
      minClientBytesPerSecond: 1_000_000_000,
    });
    const client = await served.connect();
    const held = served.nextHeld();
    await client.get('/parts').until('one');
    await held;
    const report = served.shutdown();
    await served.entered('drain');

    served.release();

    await client.ended;
    expect(client.responses).toMatchObject([{ status: 200, body: 'onetwo' }]);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('of a file to a client that reads nothing is cut and named', async () => {
    served = await ServedApplication.start(adapter, { drainTimeoutMs: DRAIN_MS });
    const client = await served.connect();
    client.socket.pause();
    client.get('/big?secret');
    await inFlight(1);

    const { status, cuts } = await served.shutdown();

    expect(status).toBe('failed');
    expect(cuts).toMatchObject([{ kind: 'stalled request', name: 'GET /big', phase: 'drain' }]);
    expect(cuts[0]!.bytesSent).toBeGreaterThan(0);
    expect(cuts[0]!.bytesSent).toBeLessThan(MANY_BYTES);
    expect(cuts[0]!.ageMs).toBeGreaterThan(DRAIN_MS / 4);
  });

  it('that is a stalled upload is cut and named', async () => {
    served = await ServedApplication.start(adapter, { drainTimeoutMs: DRAIN_MS });
    const client = await served.connect();
    client.send(
      'POST /upload HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n',
    );
    await inFlight(1);

    const { cuts } = await served.shutdown();

    await client.ended;
    expect(cuts).toMatchObject([{ kind: 'stalled request', name: 'POST /upload', bytesSent: 0 }]);
  });
});

describe.each(ADAPTERS)('a request of a Nest application on $name that is cut', (adapter) => {
  let served: ServedApplication;

  afterEach(() => served.close());
  guardAgainstLeaks();

  it('is counted once where nothing is reserved', async () => {
    served = await ServedApplication.start(adapter, { gracePeriodMs: 300, releaseReserveMs: 0 });
    await served.held();

    const report = await served.shutdown();

    expect(report.cuts).toMatchObject([{ kind: 'request', name: 'GET /held' }]);
    expect(report.statistics['HTTP server']).toMatchObject({ cut: 1 });
  });

  it.each([
    ['the pattern of its route', '/orders/7/items/7?secret', 'GET /orders/:id/items/:item'],
    [
      'the pattern of its route, for a target with escapes',
      '/orders/a%20b/items/1',
      'GET /orders/:id/items/:item',
    ],
    ['its path, where the route is that', '/held', 'GET /held'],
  ])('is named by %s', async (_how, path, name) => {
    served = await ServedApplication.start(adapter, { drainTimeoutMs: 50 });
    await served.held(undefined, path);

    const report = await served.shutdown();

    expect(report.cuts).toMatchObject([{ kind: 'request', name }]);
  });
});
