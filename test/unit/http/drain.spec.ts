import { afterEach, describe, expect, it } from '@jest/globals';
import net from 'node:net';
import { systemClock } from '../../../src/util/clock.js';
import { Deadline } from '../../../src/util/deadline.js';
import { DrainedServer, type DrainedServerOptions } from '../../support/http/drained-server.js';
import { eventually, someTurns } from '../../support/http/eventually.js';
import { QueuedClients } from '../../support/http/queued-clients.js';
import { MANY_BYTES, SampleRoutes } from '../../support/http/sample-routes.js';
import type { ShutdownContext } from '../../../src/core/participant.js';
import type { RawClient } from '../../support/http/raw-client.js';

let routes: SampleRoutes;
let drained: DrainedServer;

async function start(options: DrainedServerOptions = {}): Promise<void> {
  routes = new SampleRoutes();
  drained = await DrainedServer.start(routes.listener, options);
}

/** A connection with a request that waits for the test to answer it. */
const held = (path = '/held'): Promise<RawClient> => drained.inFlight((client) => client.get(path));

afterEach(async () => {
  routes.release();
  await drained.close();
});

const isRefused = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('error', () => resolve(true));
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
  });

describe('an HTTP server that drains', () => {
  it('waits for requests in flight, with its listener open', async () => {
    await start();
    const client = await held();
    const report = drained.shutdown();
    await drained.entered('drain');
    const health = await drained.connect();
    health.get('/healthz');
    await eventually(() => routes.held.length === 2);
    routes.held[1]!.end('alive');
    await health.ended;
    expect(drained.participant.inFlight()).toBe(1);

    routes.held[0]!.end('done');

    expect((await report).status).toBe('completed');
    expect(health.responses).toMatchObject([{ status: 200, body: 'alive' }]);
    expect(client.responses).toMatchObject([{ status: 200, headers: { connection: 'close' }, body: 'done' }]);
    expect(drained.server.listening).toBe(false);
  });

  it('waits until the kernel has the last byte of a response', async () => {
    await start();
    const client = await drained.connect();
    client.socket.pause();
    client.get('/big');
    await eventually(() => drained.participant.inFlight() === 1);
    const report = drained.shutdown();
    await drained.entered('drain');
    await someTurns();
    expect(drained.coordinator.phase).toBe('drain');

    client.socket.resume();

    const { received, error } = await client.ended;
    expect(error).toBeUndefined();
    expect(received.length - received.indexOf('\r\n\r\n') - 4).toBe(MANY_BYTES);
    expect((await report).status).toBe('completed');
  });

  it('waits for a streamed response', async () => {
    await start();
    const client = await held();
    routes.held[0]!.write('one,');
    const report = drained.shutdown();
    await drained.entered('drain');

    routes.held[0]!.write('two,');
    routes.held[0]!.end('three');

    await report;
    await client.ended;
    expect(client.responses.map(({ body }) => body)).toEqual(['one,two,three']);
  });

  it('waits for an upload', async () => {
    await start();
    const client = await drained.connect();
    client.send('POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\nabc');
    await eventually(() => drained.participant.inFlight() === 1);
    const report = drained.shutdown();
    await drained.entered('drain');

    client.send('def');

    await report;
    await client.ended;
    expect(client.responses.map(({ body }) => body)).toEqual(['6 bytes']);
  });

  it('waits for all pipelined requests', async () => {
    await start();
    const client = await drained.connect();
    client.get('/held').get('/held');
    await eventually(() => routes.held.length === 2);
    const report = drained.shutdown();
    await drained.entered('drain');

    routes.held[1]!.end('second');
    await someTurns();
    expect(drained.coordinator.phase).toBe('drain');
    routes.held[0]!.end('first');

    await report;
    expect(client.responses.map(({ body }) => body)).toEqual(['first', 'second']);
  });

  it('does not wait for a client that has disconnected', async () => {
    await start();
    const client = await held();
    const report = drained.shutdown();
    await drained.entered('drain');

    client.socket.destroy();

    expect((await report).status).toBe('completed');
  });

  it('does not wait for the pipeline of a client that has disconnected', async () => {
    await start();
    const hold = drained.hold('announce');
    const report = drained.shutdown();
    await hold.begun;
    const client = await drained.connect();
    client.get('/held').get('/held');
    await eventually(() => routes.held.length === 2);
    hold.release();
    await drained.entered('drain');

    client.socket.destroy();

    expect((await report).status).toBe('completed');
  });

  it('waits for an exempt request, but closes the listener in the meantime', async () => {
    await start();
    const client = await held('/healthz');
    const report = drained.shutdown();
    await eventually(() => !drained.server.listening);
    expect(drained.coordinator.phase).toBe('release');
    expect(drained.participant.inFlight()).toBe(0);

    routes.held[0]!.end('alive');

    expect((await report).status).toBe('completed');
    expect(client.responses.map(({ body }) => body)).toEqual(['alive']);
  });

  it('continues to answer probes, and to refuse other requests, while other participants drain', async () => {
    await start();
    const others = drained.hold('drain');
    const report = drained.shutdown();
    await others.begun;

    const probe = await drained.connect();
    probe.get('/healthz');
    await eventually(() => routes.held.length === 1);
    routes.release('alive');
    await probe.ended;
    const late = await drained.connect();
    await late.get('/').ended;

    expect(probe.responses).toMatchObject([{ status: 200, body: 'alive' }]);
    expect(late.responses).toMatchObject([{ status: 503 }]);
    expect(drained.server.listening).toBe(true);
    others.release();
    expect((await report).status).toBe('completed');
    expect(drained.server.listening).toBe(false);
  });

  it('ends idle connections at the end, and not earlier', async () => {
    await start();
    const idle = await drained.connect();
    await idle.get('/').untilResponses(1);
    await held();
    const report = drained.shutdown();
    await drained.entered('drain');
    await someTurns();
    expect(idle.socket.readyState).toBe('open');

    routes.held[0]!.end();

    await report;
    expect((await idle.ended).error).toBeUndefined();
    expect(drained.participant.statistics()).toMatchObject({ retired: 2, cut: 0 });
  });

  it('answers a request on a connection that was idle', async () => {
    await start();
    const idle = await drained.connect();
    await idle.get('/').untilResponses(1);
    await held();
    const report = drained.shutdown();
    await drained.entered('drain');

    await idle.get('/').ended;
    routes.held[0]!.end();

    await report;
    expect(idle.responses.map(({ status }) => status)).toEqual([200, 503]);
  });

  it('answers every connection that was queued behind a blocked event loop', async () => {
    await start();
    const clients = new QueuedClients(drained.port, 100);
    clients.blockUntilQueued();

    const report = drained.shutdown();

    expect(await clients.answers()).toEqual(Array.from({ length: 100 }, () => '503'));
    expect((await report).status).toBe('completed');
  });

  it('refuses connections afterwards', async () => {
    await start();
    const { port } = drained;

    await drained.shutdown();

    expect(await isRefused(port)).toBe(true);
  });

  it('leaves nothing to do for a later close of the server', async () => {
    await start();
    await drained.connect().then((client) => client.get('/').untilResponses(1));

    await drained.shutdown();
    await new Promise((resolve) => drained.server.close(resolve));

    await eventually(() => drained.participant.statistics().open === 0);
    expect(drained.participant.statistics()).toMatchObject({ retired: 1, cut: 0 });
  });

  it('finishes requests in flight if other code has closed the listener', async () => {
    await start();
    const client = await held();
    drained.server.close();
    const report = drained.shutdown();
    await drained.entered('drain');

    routes.held[0]!.end('done');

    expect((await report).status).toBe('completed');
    expect(client.responses.map(({ body }) => body)).toEqual(['done']);
  });

  it('supports a server that never listens', async () => {
    await start({ listens: false });

    const report = await drained.shutdown();

    expect(report.status).toBe('completed');
  });
});

describe('a participant that has drained', () => {
  it('cuts nothing when its signal aborts afterwards', async () => {
    await start();
    drained.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      socket.resume().on('end', () => socket.end());
    });
    const client = await drained.connect();
    await client.get('/', 'Connection: Upgrade\r\nUpgrade: test\r\n').until('101');
    const [reason, abort, cuts] = [{ kind: 'close' } as const, new AbortController(), [] as unknown[]];
    const context: ShutdownContext = {
      reason,
      phase: 'drain',
      deadline: Deadline.none(systemClock),
      until: Deadline.none(systemClock),
      signal: abort.signal,
      overtaken: new AbortController().signal,
      terminating: Promise.resolve(reason),
      cut: (work) => void cuts.push(work),
    };
    drained.participant.announce(context);
    await drained.participant.drain(context);

    abort.abort();
    await someTurns();

    expect(cuts).toEqual([]);
    expect(client.socket.readyState).toBe('open');
  });
});

describe('an upgraded connection', () => {
  async function upgrade(path = '/'): Promise<RawClient> {
    drained.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      socket.on('end', () => socket.end());
      socket.resume();
    });
    const client = await drained.connect();
    await client.get(path, 'Connection: Upgrade\r\nUpgrade: test\r\n').until('101');
    return client;
  }

  it('is waited for', async () => {
    await start();
    const client = await upgrade();
    const report = drained.shutdown();
    await drained.entered('drain');
    await someTurns();
    expect(drained.coordinator.phase).toBe('drain');
    expect(client.socket.readyState).toBe('open');

    client.socket.end();

    expect((await report).status).toBe('completed');
  });

  it('is waited for until both sides have ended it', async () => {
    await start();
    drained.server.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      socket.resume();
    });
    const client = await drained.connect();
    client.socket.allowHalfOpen = true;
    await client.get('/', 'Connection: Upgrade\r\nUpgrade: test\r\n').until('101');
    const report = drained.shutdown();
    await drained.entered('drain');
    await someTurns();
    expect(drained.coordinator.phase).toBe('drain');

    client.socket.end();

    expect((await report).status).toBe('completed');
  });

  it('is waited for if it was late, on an exempt route', async () => {
    await start();
    await held();
    const report = drained.shutdown();
    await drained.entered('drain');
    const client = await upgrade('/healthz');

    routes.release();
    await someTurns();
    expect(drained.coordinator.phase).toBe('drain');
    client.socket.end();

    expect((await report).status).toBe('completed');
  });

  it('is not waited for on close(), but cut after everything else', async () => {
    await start();
    const [client, busy] = [await upgrade(), await held()];
    const report = drained.shutdown('close');
    await drained.entered('drain');
    await someTurns();
    expect(client.socket.readyState).toBe('open');

    routes.held[0]!.end('done');
    await Promise.all([client.ended, busy.ended]);

    expect((await report).cuts).toMatchObject([
      { kind: 'socket', name: 'tunnel / (test)', phase: 'release' },
    ]);
    expect(drained.participant.statistics()).toMatchObject({ upgraded: 0, retired: 1, cut: 1 });
  });
});
