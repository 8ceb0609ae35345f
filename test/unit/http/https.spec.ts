import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import https from 'node:https';
import tls from 'node:tls';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { DrainedServer, type DrainedServerOptions } from '../../support/http/drained-server.js';
import { eventually, someTurns } from '../../support/http/eventually.js';
import { MANY_BYTES, SampleRoutes } from '../../support/http/sample-routes.js';
import { clientTls, serverTls } from '../../support/http/tls-with-shared-key.js';

let routes: SampleRoutes;
let drained: DrainedServer;

async function start(options: DrainedServerOptions = {}): Promise<void> {
  routes = new SampleRoutes();
  drained = await DrainedServer.start(https.createServer(serverTls, routes.listener), options);
}

afterEach(async () => {
  routes.release();
  await drained.close();
});

describe('an HTTPS server', () => {
  it('answers all of three pipelined requests during the announcement, and closes only with the last', async () => {
    await start();
    const hold = drained.hold('announce');
    void drained.shutdown();
    await hold.begun;
    const client = await drained.connectTls();

    const { error } = await client.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n'.repeat(3)).ended;

    expect(error).toBeUndefined();
    expect(client.responses.map(({ headers }) => headers['connection'])).toEqual([
      'keep-alive',
      'keep-alive',
      'close',
    ]);
  });

  it('waits for requests in flight, to the last byte, and then ends idle connections', async () => {
    await start();
    const [idle, slow] = [await drained.connectTls(), await drained.connectTls()];
    await idle.get('/').untilResponses(1);
    slow.socket.pause();
    slow.get('/big');
    await eventually(() => drained.participant.inFlight() === 1);
    const report = drained.shutdown();
    await drained.entered('drain');
    await someTurns();
    expect(drained.coordinator.phase).toBe('drain');

    slow.socket.resume();

    const ends = await Promise.all([slow.ended, idle.ended]);
    expect(ends.map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(ends[0].received.length).toBeGreaterThan(MANY_BYTES);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('sends close_notify on idle connections, so that clients do not treat the end as truncation', async () => {
    await start();
    const { socket } = await drained.connect();
    const secure = tls.connect({ socket, ...clientTls });
    secure.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    await once(secure, 'data');
    const bytesBefore = socket.bytesRead;
    const closed = once(socket, 'close');

    await drained.shutdown();
    await closed;

    expect(socket.bytesRead).toBeGreaterThan(bytesBefore);
  });

  it('refuses late requests', async () => {
    await start();
    const hold = drained.hold('quiesce');
    void drained.shutdown();
    await hold.begun;
    const client = await drained.connectTls();

    await client.get('/').ended;

    expect(client.responses).toMatchObject([{ status: 503, headers: { connection: 'close' } }]);
  });

  it('gives a handshake in progress a short budget, and another to the request after it', async () => {
    const clock = new ManualClock();
    await start({ clock, firstRequestBudgetMs: 300 });
    const [silent, half] = [await drained.connect(), await drained.connect()];
    half.send('\x16\x03\x01');
    const before = await drained.connect();
    await eventually(() => drained.participant.statistics().silent === 3);
    const report = drained.shutdown();
    await eventually(() => !drained.server.listening);

    const secure = tls.connect({ socket: before.socket, ...clientTls });
    secure.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    const answer = await new Promise<string>((resolve) =>
      secure.once('data', (data) => resolve(String(data))),
    );
    expect(silent.socket.readyState).toBe('open');
    await clock.advance(300);

    await Promise.all([silent.ended, half.ended]);
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(half.received).toBe('');
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('counts a connection once, handshake or not', async () => {
    await start();
    await drained.connect();
    const client = await drained.connectTls();
    await client.get('/').untilResponses(1);

    expect(drained.participant.statistics()).toMatchObject({ open: 2, silent: 1, idle: 1 });
  });

  it('cuts and names the remaining requests at the deadline', async () => {
    await start({ coordinator: { drainTimeoutMs: 100 } });
    const client = await drained.connectTls();
    client.get('/held?secret');
    await eventually(() => drained.participant.inFlight() === 1);

    const report = await drained.shutdown();

    await client.ended;
    expect(report.cuts).toMatchObject([{ kind: 'request', name: 'GET /held', bytesSent: 0 }]);
  });
});
