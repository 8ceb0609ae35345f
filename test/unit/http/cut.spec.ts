import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { DrainedServer, type DrainedServerOptions } from '../../support/http/drained-server.js';
import { eventually } from '../../support/http/eventually.js';
import type { RawClient } from '../../support/http/raw-client.js';
import type { ShutdownReport } from '../../../src/core/report.js';

const MANY_BYTES = 20 * 1024 * 1024;

let drained: DrainedServer;
const pending: ServerResponse[] = [];

const listener: RequestListener = (request, response) => {
  if (request.url?.startsWith('/big')) {
    response.end(Buffer.alloc(MANY_BYTES, 'x'));
    return;
  }
  pending.push(response);
  if (request.url?.startsWith('/events')) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', Connection: 'keep-alive' });
    response.write('data: 1\n\n');
  }
};

/** A drain with a short deadline. */
async function start(options: DrainedServerOptions = {}): Promise<void> {
  drained = await DrainedServer.start(listener, {
    firstRequestBudgetMs: 10_000,
    ...options,
    coordinator: { drainTimeoutMs: 100 },
  });
}

async function inFlight(send: (client: RawClient) => unknown): Promise<RawClient> {
  const before = drained.participant.inFlight();
  const client = await drained.connect();
  send(client);
  await eventually(() => drained.participant.inFlight() > before);
  return client;
}

const withoutAge = ({ cuts }: ShutdownReport) => cuts.map(({ ageMs: _ageMs, ...cut }) => cut);
const where = { phase: 'drain', participant: 'HTTP server' };

afterEach(async () => {
  pending.splice(0);
  await drained.close();
});

describe('what is left when the time of a drain is up', () => {
  it('is cut and named by method and path, without possible secrets', async () => {
    await start();
    const client = await inFlight((raw) =>
      raw.get('/orders/7?token=secret#fragment', 'Authorization: secret\r\n'),
    );

    const report = await drained.shutdown();

    await client.ended;
    expect(report.status).toBe('failed');
    expect(withoutAge(report)).toEqual([{ ...where, kind: 'request', name: 'GET /orders/7', bytesSent: 0 }]);
    expect(report.cuts[0]!.ageMs).toBeGreaterThanOrEqual(99);
    expect(drained.participant.statistics()).toMatchObject({ cut: 1 });
    expect(JSON.stringify(report)).not.toContain('secret');
  });

  it.each([
    ['as a proxy sends it', 'http://user:secret@host:80/path?secret', '/path'],
    ['without a path', 'http://host?secret', '/'],
    ['with an asterisk', '*', '*'],
  ])('is named by its path when its target is written %s', async (_how, target, path) => {
    await start();
    await inFlight((raw) => raw.send(`OPTIONS ${target} HTTP/1.1\r\nHost: test\r\n\r\n`));

    const report = await drained.shutdown();

    expect(report.cuts.map(({ name }) => name)).toEqual([`OPTIONS ${path}`]);
  });

  it('is named by its full path if Express has shortened it for a router', async () => {
    const app = express();
    app.use(
      '/orders',
      express.Router().get('/:id', (_request, response) => void pending.push(response)),
    );
    drained = await DrainedServer.start(app, { coordinator: { drainTimeoutMs: 100 } });
    await inFlight((raw) => raw.get('/orders/7?secret'));

    const report = await drained.shutdown();

    expect(report.cuts.map(({ name }) => name)).toEqual(['GET /orders/7']);
  });

  it('is cut exactly at the deadline', async () => {
    await start();
    await inFlight((raw) => raw.get('/slow'));
    const destroyedAtTimeout: boolean[] = [];
    drained.coordinator.observe((event) => {
      if (event.type === 'participant-settled' && event.outcome === 'abandoned') {
        destroyedAtTimeout.push(pending[0]!.socket!.destroyed);
      }
    });

    await drained.shutdown();

    expect(destroyedAtTimeout).toEqual([true]);
  });

  it('can be a stream that was sent in part', async () => {
    await start();
    const client = await inFlight((raw) => raw.get('/events?since=1'));
    await client.until('data: 1');

    const report = await drained.shutdown();

    await client.ended;
    expect(withoutAge(report)).toEqual([
      { ...where, kind: 'request', name: 'GET /events', bytesSent: client.received.length },
    ]);
  });

  it.each(['before', 'after'])(
    'counts only its own bytes if it arrived %s the announcement',
    async (when) => {
      await start();
      const client = await inFlight((raw) => raw.get('/first'));
      pending[0]!.end('x'.repeat(1_000));
      await client.untilResponses(1);
      const first = client.received.length;
      const hold = drained.hold('announce');
      if (when === 'before') client.get('/second');
      await eventually(() => when === 'after' || pending.length === 2);
      const report = drained.shutdown();
      await hold.begun;
      if (when === 'after') client.get('/second');
      await eventually(() => pending.length === 2);
      pending[1]!.write('part');
      await client.until('part');

      hold.release();

      expect((await report).cuts).toMatchObject([
        { name: 'GET /second', bytesSent: client.received.length - first },
      ]);
    },
  );

  it('can be a response to a client that never reads', async () => {
    await start();
    const client = await inFlight((raw) => {
      raw.socket.pause();
      raw.get('/big');
    });

    const report = await drained.shutdown();

    client.socket.resume();
    const { received } = await client.ended;
    expect(withoutAge(report)).toMatchObject([{ ...where, kind: 'request', name: 'GET /big' }]);
    expect(report.cuts[0]!.bytesSent).toBeGreaterThan(0);
    expect(report.cuts[0]!.bytesSent).toBeLessThan(MANY_BYTES);
    expect(received.length).toBeLessThan(MANY_BYTES);
  });

  it('can be a stalled upload', async () => {
    await start();
    const client = await inFlight((raw) =>
      raw.send('POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'),
    );

    const report = await drained.shutdown();

    await client.ended;
    expect(withoutAge(report)).toMatchObject([{ kind: 'request', name: 'POST /upload', bytesSent: 0 }]);
  });

  it.each([
    [
      'tunnel /chat (websocket)',
      'upgrade',
      'GET /chat?secret HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
    ['tunnel to example.org:443', 'connect', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n'],
  ])('may be a %s', async (name, event, request) => {
    await start();
    drained.server.on(event, (_request, socket: Duplex) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    });
    const client = await drained.connect();
    await client.send(request).until('101');

    const report = await drained.shutdown();

    await client.ended;
    expect(withoutAge(report)).toEqual([{ ...where, kind: 'socket', name }]);
  });

  it('can be a half-sent request', async () => {
    await start();
    const client = await drained.connect();
    client.send('GET /half?secret HTTP/1.1\r\nHo');
    await eventually(() => drained.participant.statistics().halfSent === 1);
    await inFlight((raw) => raw.get('/held'));

    const report = await drained.shutdown();

    await client.ended;
    expect(withoutAge(report)).toEqual([
      { ...where, kind: 'request', name: 'GET /held', bytesSent: 0 },
      { ...where, kind: 'socket', name: 'half-sent request' },
    ]);
  });

  it('is no loss if there was no request, or if it was refused', async () => {
    await start();
    const [silent, idle, refused] = [
      await drained.connect(),
      await drained.connect(),
      await drained.connect(),
    ];
    idle.get('/');
    await eventually(() => pending.length === 1);
    pending[0]!.end();
    await idle.untilResponses(1);
    await inFlight((raw) => raw.get('/slow'));
    const held = drained.hold('quiesce');
    const report = drained.shutdown();
    await held.begun;
    refused.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nab');
    await refused.untilResponses(1);

    held.release();

    expect((await report).cuts.map(({ name }) => name)).toEqual(['GET /slow']);
    await Promise.all([silent, idle, refused].map(({ ended }) => ended));
  });

  it('is no loss if it is a refusal that the client does not read', async () => {
    await start({ lateResponse: { code: 'LATE', message: 'x'.repeat(1024 * 1024), retryAfterSeconds: 1 } });
    await inFlight((raw) => raw.get('/slow'));
    const hold = drained.hold('quiesce');
    const report = drained.shutdown();
    await hold.begun;
    const client = await drained.connect();
    client.socket.pause();
    client.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n'.repeat(20));
    await eventually(() => drained.participant.statistics().late === 20);

    hold.release();

    expect((await report).cuts.map(({ name }) => name)).toEqual(['GET /slow']);
  });

  it('includes every request of a pipeline', async () => {
    await start();
    const client = await drained.connect();
    const held = drained.hold('announce');
    const report = drained.shutdown();
    await held.begun;
    client.get('/1').get('/2');
    await eventually(() => pending.length === 2);

    held.release();

    expect((await report).cuts.map(({ name }) => name)).toEqual(['GET /1', 'GET /2']);
  });

  it('includes the listener', async () => {
    await start();
    await inFlight((raw) => raw.get('/slow'));

    const report = drained.shutdown();
    await eventually(() => drained.coordinator.phase === 'drain');
    expect(drained.server.listening).toBe(true);

    await report;
    expect(drained.server.listening).toBe(false);
  });

  it('includes hundreds of connections, each reported once, by kind and name beyond the first hundred', async () => {
    await start();
    const clients = await Promise.all(Array.from({ length: 300 }, () => drained.connect()));
    for (const [index, client] of clients.entries()) client.get(index % 3 === 0 ? '/slow' : '/slower');
    await eventually(() => pending.length === 300);

    const { cuts, moreCuts = [] } = await drained.shutdown();
    await Promise.all(clients.map(({ ended }) => ended));

    expect(cuts).toHaveLength(100);
    const names = [...cuts.map((cut) => ({ ...cut, count: 1 })), ...moreCuts];
    const countOf = (name: string): number =>
      names
        .filter((one) => one.kind === 'request' && one.name === name)
        .reduce((sum, { count }) => sum + count, 0);
    expect({ slow: countOf('GET /slow'), slower: countOf('GET /slower') }).toEqual({
      slow: 100,
      slower: 200,
    });
    expect(drained.participant.statistics()).toMatchObject({ open: 0, cut: 300 });
  });
});
