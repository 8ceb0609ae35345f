import { afterEach, describe, expect, it } from '@jest/globals';
import http, { type RequestListener, type ServerResponse } from 'node:http';
import { systemClock } from '../../../src/util/clock.js';
import { HttpServerParticipant } from '../../../src/http/http-server-participant.js';
import { strictProbes } from '../../support/strict-probes.js';
import { DrainedServer, LATE_RESPONSE } from '../../support/http/drained-server.js';
import { eventually } from '../../support/http/eventually.js';

let drained: DrainedServer;
const pending: ServerResponse[] = [];

const listener: RequestListener = (request, response) => {
  if (request.url === '/') response.end('served');
  else pending.push(response);
};

const listenersOf = (emitter: NodeJS.EventEmitter) =>
  Object.fromEntries(emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]));

afterEach(async () => {
  for (const response of pending.splice(0)) response.end();
  await drained.close();
});

describe('the statistics of a server', () => {
  it('count each connection by its state', async () => {
    drained = await DrainedServer.start(listener);
    drained.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      socket.resume().on('end', () => socket.end());
    });
    const [silent, half, idle, busy, upgraded, health] = await Promise.all(
      Array.from({ length: 6 }, () => drained.connect()),
    );
    half!.send('GET / HT');
    await idle!.get('/').untilResponses(1);
    busy!.get('/busy');
    await upgraded!.get('/', 'Connection: Upgrade\r\nUpgrade: test\r\n').until('101');
    health!.get('/healthz');

    await eventually(() => pending.length === 2 && drained.participant.statistics().halfSent === 1);
    expect(drained.participant.statistics()).toEqual({
      open: 6,
      idle: 1,
      inFlight: 2,
      silent: 1,
      halfSent: 1,
      upgraded: 1,
      requests: 1,
      drained: 0,
      retired: 0,
      late: 0,
      cut: 0,
    });
    expect(silent!.received).toBe('');
  });

  it('do not count closed connections', async () => {
    drained = await DrainedServer.start(listener);
    const client = await drained.connect();
    await eventually(() => drained.participant.statistics().open === 1);

    client.socket.destroy();

    await eventually(() => drained.participant.statistics().open === 0);
    expect(drained.participant.statistics()).toMatchObject({ silent: 0, retired: 0 });
  });
});

describe('the number of requests in flight', () => {
  it('includes requests in progress, without exempt ones, before and during a shutdown', async () => {
    drained = await DrainedServer.start(listener);
    const [one, two, health] = [await drained.connect(), await drained.connect(), await drained.connect()];
    one.get('/one');
    two.get('/two');
    health.get('/healthz');
    await eventually(() => pending.length === 3);
    expect(drained.participant.inFlight()).toBe(2);

    const report = drained.shutdown();
    expect(drained.participant.inFlight()).toBe(2);
    pending.find(({ req }) => req.url === '/one')!.end();
    await one.ended;
    expect(drained.participant.inFlight()).toBe(1);

    for (const response of pending.splice(0)) response.end();
    await report;
    expect(drained.participant.inFlight()).toBe(0);
  });
});

describe('a participant that is disposed of', () => {
  it.each([
    ['before a shutdown', () => Promise.resolve()],
    [
      'in the middle of one',
      async () => {
        const held = drained.hold('quiesce');
        void drained.shutdown();
        await held.begun;
      },
    ],
    ['after one', () => drained.shutdown('close')],
  ])('leaves nothing behind, %s', async (_when, reach) => {
    const server = http.createServer(listener);
    const serverBefore = listenersOf(server);
    let socketBefore: Record<string, number> = {};
    server.once('connection', (socket) => (socketBefore = listenersOf(socket)));
    drained = await DrainedServer.start(server);
    const client = await drained.connect();
    client.get('/busy');
    await eventually(() => pending.length === 1);
    const { socket } = pending[0]!;
    if (_when === 'after one') pending[0]!.end();
    await reach();

    drained.participant.dispose();

    expect(listenersOf(server)).toEqual(serverBefore);
    expect(Object.getOwnPropertyNames(server)).not.toContain('emit');
    expect(Object.getOwnPropertyNames(server)).not.toContain('closeIdleConnections');
    expect(socket?.listenerCount('close') ?? 0).toBeLessThanOrEqual((socketBefore['close'] ?? 0) + 1);
  });
});

describe('a server', () => {
  it('has one participant at a time', async () => {
    drained = await DrainedServer.start(listener);
    const options = {
      clock: systemClock,
      probes: strictProbes(),
      lateRequests: 'reject',
      lateResponse: LATE_RESPONSE,
      isExempt: () => false,
      onArrival: () => {},
      firstRequestBudgetMs: 0,
      minClientBytesPerSecond: 0,
      stopListeningAt: 'drain',
    } as const;
    expect(() => new HttpServerParticipant(drained.server, options)).toThrow(
      'this HTTP server is already drained',
    );

    drained.participant.dispose();

    new HttpServerParticipant(drained.server, options).dispose();
  });

  it('is independent of another one in the same process', async () => {
    drained = await DrainedServer.start(listener);
    const other = await DrainedServer.start(listener);
    try {
      await drained.shutdown();

      const client = await other.connect();
      await client.get('/').untilResponses(1);

      expect(client.responses).toMatchObject([{ status: 200, headers: { connection: 'keep-alive' } }]);
    } finally {
      await other.close();
    }
  });
});
