import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { DrainedServer, type DrainedServerOptions } from '../../support/http/drained-server.js';
import { eventually, someTurns } from '../../support/http/eventually.js';
import { QueuedClients } from '../../support/http/queued-clients.js';
import { SampleRoutes } from '../../support/http/sample-routes.js';
import type { RawClient } from '../../support/http/raw-client.js';

let routes: SampleRoutes;
let drained: DrainedServer;

async function start(options: DrainedServerOptions = {}): Promise<void> {
  drained = await DrainedServer.start(routes.listener, options);
}

beforeEach(() => {
  routes = new SampleRoutes();
});

/** A connection with a request that waits for the test to answer it. */
const held = (path = '/held'): Promise<RawClient> => drained.inFlight((client) => client.get(path));

afterEach(async () => {
  routes.release();
  await drained.close();
});

describe('a connection that has not sent its request when the server drains', () => {
  it('may still send it', async () => {
    await start({ clock: new ManualClock() });
    const client = await drained.connect();
    await eventually(() => drained.participant.statistics().silent === 1);
    const report = drained.shutdown();
    await eventually(() => !drained.server.listening);

    await client.get('/').ended;

    expect(client.responses.map(({ status }) => status)).toEqual([503]);
    expect((await report).status).toBe('completed');
  });

  it('is ended after its budget, which is no loss', async () => {
    const clock = new ManualClock();
    await start({ clock, firstRequestBudgetMs: 300 });
    const client = await drained.connect();
    await eventually(() => drained.participant.statistics().silent === 1);
    const report = drained.shutdown();
    await eventually(() => !drained.server.listening);

    await clock.advance(299);
    expect(client.socket.readyState).toBe('open');
    await clock.advance(1);

    expect((await client.ended).received).toBe('');
    expect((await report).cuts).toEqual([]);
  });

  it('has its own budget, however late it opened', async () => {
    const clock = new ManualClock();
    await start({ clock, firstRequestBudgetMs: 300 });
    await held();
    const report = drained.shutdown();
    await drained.entered('drain');
    await clock.advance(1_000);
    const client = await drained.connect();
    await eventually(() => drained.participant.statistics().silent === 1);
    routes.held[0]!.end();
    await eventually(() => !drained.server.listening);

    await clock.advance(299);
    expect(client.socket.readyState).toBe('open');
    await clock.advance(1);

    await client.ended;
    expect((await report).status).toBe('completed');
  });

  it('uses up its budget while others take longer', async () => {
    const clock = new ManualClock();
    await start({ clock, firstRequestBudgetMs: 300 });
    const client = await drained.connect();
    await held();
    const report = drained.shutdown();
    await drained.entered('drain');
    await clock.advance(300);
    expect(client.socket.readyState).toBe('open');

    routes.release();

    await client.ended;
    expect((await report).status).toBe('completed');
  });

  it.each([
    ['first', (client: RawClient) => Promise.resolve(client)],
    [
      'second',
      async (client: RawClient) =>
        client
          .get('/')
          .untilResponses(1)
          .then(() => client),
    ],
  ])('is told that it took too long when half of its %s request is there', async (_which, prepare) => {
    const clock = new ManualClock();
    await start({ clock, firstRequestBudgetMs: 300 });
    await held();
    const client = await prepare(await drained.connect());
    const answered = client.received.length;
    const report = drained.shutdown();
    await drained.entered('drain');
    client.send('GET /half HTTP/1.1\r\nHo');
    await eventually(() => drained.participant.statistics().halfSent === 1);
    routes.held[0]!.end();
    await eventually(() => !drained.server.listening);

    await someTurns();
    await clock.advance(300);

    const { received, error } = await client.ended;
    expect(error).toBeUndefined();
    expect(received.slice(answered)).toBe('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    expect((await report).status).toBe('completed');
  });

  it('is answered if the other half arrives in time', async () => {
    await start({ clock: new ManualClock() });
    const client = await drained.connect();
    client.send('GET /half HTTP/1.1\r\nHo');
    await eventually(() => drained.participant.statistics().halfSent === 1);
    const report = drained.shutdown();
    await eventually(() => !drained.server.listening);

    await client.send('st: test\r\n\r\n').ended;

    expect(client.responses.map(({ status }) => status)).toEqual([503]);
    expect((await report).status).toBe('completed');
  });

  it('is ended immediately on close()', async () => {
    await start({ clock: new ManualClock() });
    const [silent, half] = [await drained.connect(), await drained.connect()];
    half.send('GET /half HT');
    await eventually(() => drained.participant.statistics().halfSent === 1);

    const report = await drained.shutdown('close');

    await Promise.all([silent.ended, half.ended]);
    expect(report.status).toBe('completed');
  });

  it('is answered on close() if the kernel already has its request', async () => {
    await start({ clock: new ManualClock() });
    const clients = new QueuedClients(drained.port, 10);
    clients.blockUntilQueued();

    void drained.shutdown('close');

    expect(await clients.answers()).toEqual(Array.from({ length: 10 }, () => '503'));
  });

  it('gets only a short budget if it is refused during its upload', async () => {
    const clock = new ManualClock();
    await start({ clock, firstRequestBudgetMs: 300 });
    await held();
    const report = drained.shutdown();
    await drained.entered('drain');
    const client = await drained.connect();
    client.send('POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\nabc');
    await client.untilResponses(1);
    routes.held[0]!.end();
    await eventually(() => !drained.server.listening);

    await clock.advance(300);

    await client.ended;
    expect(client.responses.map(({ status }) => status)).toEqual([503]);
    expect((await report).status).toBe('completed');
  });

  it('may finish its upload if it is refused, so that the client can read the answer', async () => {
    await start({ clock: new ManualClock() });
    await held();
    const report = drained.shutdown();
    await drained.entered('drain');
    const client = await drained.connect();
    client.send('POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\nabc');
    await client.untilResponses(1);
    routes.release();
    await eventually(() => !drained.server.listening);
    await someTurns();

    const { error } = await client.send('def').ended;

    expect(error).toBeUndefined();
    expect((await report).status).toBe('completed');
  });

  it('may finish an upload that was answered early, so that the client can read the answer', async () => {
    drained = await DrainedServer.start((_request, response) => response.writeHead(413).end('too large'), {
      clock: new ManualClock(),
    });
    const hold = drained.hold('announce');
    const report = drained.shutdown();
    await hold.begun;
    const client = await drained.connect();
    client.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\nabc');
    await client.untilResponses(1);
    hold.release();
    await eventually(() => !drained.server.listening);
    await someTurns();
    expect(client.socket.readyState).toBe('open');

    const { error } = await client.send('def').ended;

    expect(error).toBeUndefined();
    expect((await report).status).toBe('completed');
  });

  it('has no more than a twentieth of the time left', async () => {
    const clock = new ManualClock();
    const coordinator = { gracePeriodMs: 4_000 };
    await start({ clock, firstRequestBudgetMs: 300, coordinator });
    const client = await drained.connect();
    await eventually(() => drained.participant.statistics().silent === 1);
    const report = drained.shutdown();
    await eventually(() => !drained.server.listening);
    await someTurns();
    expect(client.socket.readyState).toBe('open');

    await clock.advance(200);

    await client.ended;
    expect((await report).status).toBe('completed');
  });

  it('gets only a short budget if it never reads its refusals', async () => {
    const clock = new ManualClock();
    const lateResponse = { code: 'LATE', message: 'x'.repeat(1024 * 1024), retryAfterSeconds: 1 };
    await start({ clock, firstRequestBudgetMs: 300, lateResponse });
    await held();
    const report = drained.shutdown();
    await drained.entered('drain');
    const client = await drained.connect();
    client.socket.pause();
    client.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n'.repeat(20));
    await eventually(() => drained.participant.statistics().late === 20);
    routes.release();
    await eventually(() => !drained.server.listening);
    await someTurns();
    expect(drained.coordinator.phase).toBe('release');
    expect(drained.participant.inFlight()).toBe(0);

    await clock.advance(300);

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it.each([
    ['is ended by its client', (client: RawClient) => client.socket.destroy()],
    ['is cut', () => drained.coordinator.force('the test')],
  ])('leaves no timer behind when it %s', async (_how, end) => {
    const clock = new ManualClock();
    await start({ clock });
    const client = await drained.connect();
    await eventually(() => drained.participant.statistics().silent === 1);
    const report = drained.shutdown();
    await eventually(() => !drained.server.listening);
    await someTurns();
    expect(clock.pendingTimers).toBeGreaterThan(0);

    end(client);

    await report;
    await eventually(() => drained.participant.statistics().open === 0);
    await someTurns();
    expect(clock.pendingTimers).toBe(0);
  });

  it('cannot renew its budget with exempt requests', async () => {
    const clock = new ManualClock();
    drained = await DrainedServer.start((_request, response) => response.end('alive'), {
      clock,
      firstRequestBudgetMs: 300,
    });
    const hold = drained.hold('drain');
    const report = drained.shutdown();
    await drained.entered('drain');
    const client = await drained.connect();
    // Two at a time: the first of them does not announce that it is the last one.
    const next = 'GET /healthz HTTP/1.1\r\nHost: test\r\n\r\nGET /healthz HTTP/1.1\r\nHost: test\r\n';
    client.send(next);
    await client.untilResponses(1);
    hold.release();
    await eventually(() => !drained.server.listening);

    for (let times = 0; times < 3 && client.socket.readyState === 'open'; times += 1) {
      await clock.advance(150);
      client.send(`\r\n${next}`);
      await someTurns();
    }

    await client.ended;
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });
});
