import { afterEach, describe, expect, it } from '@jest/globals';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { eventually } from '../../support/http/eventually.js';
import { Http2Client } from '../../support/http/http2-client.js';
import { RawClient } from '../../support/http/raw-client.js';
import { serverTls } from '../../support/http/tls-with-shared-key.js';
import { ServedApplication } from './served-application.js';

const KINDS = [
  { name: 'h2c', scheme: 'http', options: { http2: true } },
  {
    name: 'h2 over TLS',
    scheme: 'https',
    options: { http2: true, https: { ...serverTls, allowHTTP1: true } },
  },
] as const;

let served: ServedApplication;
const clients: Http2Client[] = [];

afterEach(async () => {
  for (const { session } of clients.splice(0)) session.destroy();
  await served.close();
});
guardAgainstLeaks();

describe.each(KINDS)('a Nest application on Fastify that speaks $name', ({ scheme, options }) => {
  // Its types distinguish HTTP/2 from HTTP/1.1, which Nest's do not.
  const adapter = { create: () => new FastifyAdapter(options as object) };

  async function connect(): Promise<Http2Client> {
    const client = await Http2Client.connect(scheme, served.port);
    clients.push(client);
    return client;
  }

  it('answers requests in flight, refuses late ones, and stays live until the end', async () => {
    served = await ServedApplication.start(adapter);
    const before = await connect();
    const held = served.nextHeld();
    const slow = before.ask('/held');
    await held;
    const report = served.shutdown();
    await served.entered('drain');

    expect(served.coordinator.progress().inFlight).toBe(1);
    expect(await (await connect()).ask('/quick')).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
    });
    expect(await (await connect()).ask('/readyz')).toMatchObject({ status: 503 });
    const alive = await (await connect()).ask('/healthz');
    served.release();

    expect(alive).toMatchObject({ status: 200 });
    expect(alive.headers).not.toHaveProperty('connection');
    expect(await slow).toMatchObject({ status: 200, body: 'done' });
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('serves new sessions during the announcement', async () => {
    served = await ServedApplication.start(adapter);
    const before = await connect();
    expect(await before.ask('/quick')).toMatchObject({ status: 200 });

    await served.stopIn('announce');

    const after = await connect();
    expect(await after.ask('/quick')).toMatchObject({ status: 200, body: '{"quick":true}' });
    expect(await after.ask('/readyz')).toMatchObject({ status: 503 });
    expect(before.session.closed).toBe(true);
  });

  it('ends event streams when the drain begins, with a last event', async () => {
    served = await ServedApplication.start(adapter);
    const client = await connect();
    const events = client.ask('/events');
    await eventually(() => served.coordinator.progress().inFlight === 1);

    const report = await served.shutdown();

    expect(await events).toMatchObject({
      status: 200,
      body: expect.stringMatching(/data: one[^]*event: shutdown/),
    });
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('closes although clients leave their sessions open', async () => {
    served = await ServedApplication.start(adapter);
    const [idle, fresh] = [await connect(), await connect()];
    await idle.ask('/quick');

    await served.app.close();

    expect([idle, fresh].map(({ session }) => session.destroyed || session.closed)).toEqual([true, true]);
  });

  it('cuts and names the remaining requests at the deadline', async () => {
    served = await ServedApplication.start(adapter, { drainTimeoutMs: 50 });
    const client = await connect();
    const held = served.nextHeld();
    const answer = client.ask('/orders/7/items/3?secret');
    await held;

    const report = await served.shutdown();

    expect(report.cuts).toMatchObject([
      { kind: 'request', name: 'GET /orders/:id/items/:item', bytesSent: 0 },
    ]);
    expect(await answer).not.toHaveProperty('status');
  });
});

it('also speaks HTTP/1.1 if allowed, and ends those connections as usual', async () => {
  served = await ServedApplication.start({ create: () => new FastifyAdapter(KINDS[1].options as object) });
  const client = await RawClient.connectTls(served.port);
  const held = served.nextHeld();
  client.get('/held');
  await held;
  const report = served.shutdown();
  await served.entered('drain');

  served.release();

  expect((await client.ended).error).toBeUndefined();
  expect(client.responses).toMatchObject([{ status: 200, headers: { connection: 'close' }, body: 'done' }]);
  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});
