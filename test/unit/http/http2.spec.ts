import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import http2, { type Http2ServerResponse, type SecureServerOptions } from 'node:http2';
import { TrackedStreams } from '../../../src/http/session-streams.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { DrainedServer, type DrainedServerOptions } from '../../support/http/drained-server.js';
import { eventually } from '../../support/http/eventually.js';
import { Http2Client } from '../../support/http/http2-client.js';
import { RawHttp2Client } from '../../support/http/raw-http2-client.js';
import { SampleRoutes } from '../../support/http/sample-routes.js';
import { serverTls } from '../../support/http/tls-with-shared-key.js';
import type { RequestListener } from 'node:http';
import type { AnyHttpServer } from '../../../src/http/any-http-server.js';

type Http2Listener = Parameters<typeof http2.createServer>[1];

const overTls: SecureServerOptions = { ...serverTls, allowHTTP1: true };
const KINDS = [
  {
    name: 'h2c',
    create: (listener?: RequestListener): AnyHttpServer =>
      http2.createServer(listener as unknown as Http2Listener),
    scheme: 'http',
  },
  {
    name: 'h2 over TLS',
    create: (listener?: RequestListener): AnyHttpServer =>
      http2.createSecureServer(overTls, listener as unknown as Http2Listener),
    scheme: 'https',
  },
] as const;

let routes: SampleRoutes;
let drained: DrainedServer;
const clients: Http2Client[] = [];
const raws: RawHttp2Client[] = [];

afterEach(async () => {
  routes.release();
  for (const { session } of clients.splice(0)) session.destroy();
  for (const { socket } of raws.splice(0)) socket.destroy();
  await drained.close();
});

async function start(kind: (typeof KINDS)[number], options: DrainedServerOptions = {}): Promise<void> {
  routes = new SampleRoutes();
  drained = await DrainedServer.start(kind.create(routes.listener), options);
}

describe.each(KINDS)('a server of $name', (kind) => {
  async function connect(): Promise<Http2Client> {
    const client = await Http2Client.connect(kind.scheme, drained.port);
    clients.push(client);
    return client;
  }

  async function connectRaw(allowHalfOpen = false): Promise<RawHttp2Client> {
    const raw = await RawHttp2Client.connect(kind.scheme, drained.port, allowHalfOpen);
    raws.push(raw);
    return raw;
  }

  /** A stream in progress. */
  async function held(client: RawHttp2Client, stream = 1): Promise<void> {
    const before = routes.held.length;
    client.request(stream, '/held');
    await eventually(() => routes.held.length > before);
  }

  it('counts requests in flight, before a shutdown and during the announcement', async () => {
    await start(kind);
    const client = await connectRaw();
    await held(client);
    await held(client, 3);
    client.request(5, '/healthz');
    await eventually(() => routes.held.length === 3);
    expect(drained.participant.inFlight()).toBe(2);
    expect(drained.participant.statistics()).toMatchObject({ open: 1, inFlight: 1, idle: 0 });

    const hold = drained.hold('announce');
    void drained.shutdown();
    await hold.begun;
    expect(drained.participant.inFlight()).toBe(2);

    routes.release();
    await client.until('DATA 3');
    await eventually(() => drained.participant.inFlight() === 0);
  });

  it('announces the last stream to clients, finishes it, and ends the session', async () => {
    await start(kind);
    const client = await connectRaw();
    await held(client);
    const hold = drained.hold('announce');
    void drained.shutdown();
    await hold.begun;
    await client.until('GOAWAY 0 last 1 code 0');

    routes.release('done');

    expect(await client.ended).toBeUndefined();
    expect(client.frames).toEqual([
      'GOAWAY 0 last 1 code 0',
      'HEADERS 1',
      'DATA 1 4 bytes',
      'DATA 1 0 bytes',
      'GOAWAY 0 last 1 code 0',
    ]);
    expect(drained.participant.statistics()).toMatchObject({ retired: 1, cut: 0 });
  });

  it('waits in the drain for streams that were already open', async () => {
    await start(kind);
    const client = await connectRaw();
    await held(client);
    const report = drained.shutdown();
    await drained.entered('drain');
    expect(drained.participant.inFlight()).toBe(1);

    routes.release();

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    expect(await client.ended).toBeUndefined();
    expect(client.frames).toContain('DATA 1 4 bytes');
  });

  it('does not process requests that cross the GOAWAY, and the client knows', async () => {
    await start(kind);
    const session = await connect();
    const slow = session.ask('/held');
    await eventually(() => routes.held.length === 1);
    const hold = drained.hold('announce');
    void drained.shutdown();
    const crossing = session.ask('/crossing');
    await hold.begun;

    expect(await crossing).toEqual({ error: 'Stream closed with error code NGHTTP2_REFUSED_STREAM' });
    expect(routes.reached).toEqual(['/held']);
    routes.release();
    expect(await slow).toMatchObject({ status: 200 });
  });

  it('serves new sessions during the announcement, and ends them afterwards', async () => {
    await start(kind);
    const announcing = drained.hold('announce');
    const quiescing = drained.hold('quiesce');
    void drained.shutdown();
    await announcing.begun;
    const client = await connectRaw();
    client.request(1, '/');
    await client.until('DATA 1 6 bytes');
    client.request(3, '/');
    await client.until('DATA 3 6 bytes');
    expect(client.frames.filter((frame) => frame.startsWith('GOAWAY'))).toEqual([]);

    announcing.release();
    await quiescing.begun;

    await client.until('GOAWAY 0 last 3 code 0');
    expect(await client.ended).toBeUndefined();
    expect(drained.participant.statistics()).toMatchObject({ retired: 1 });
  });

  it('refuses a late request on a new session unless it is exempt, and ends the session', async () => {
    await start(kind);
    await held(await connectRaw());
    void drained.shutdown();
    await drained.entered('drain');
    const [late, probe] = [await connect(), await connect()];

    const refusal = await late.ask('/');
    const probing = probe.ask('/healthz');
    await eventually(() => routes.held.length === 2);
    routes.held[1]!.end('alive');

    expect(refusal).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(refusal.headers).not.toHaveProperty('connection');
    expect(await probing).toMatchObject({ status: 200 });
    expect(routes.reached).toEqual(['/held', '/healthz']);
    await eventually(() => late.session.destroyed && probe.session.destroyed);
    expect(drained.participant.statistics()).toMatchObject({ late: 1 });
  });

  it('ends sessions without streams immediately, or at the end if the client stays, which is no loss', async () => {
    const clock = new ManualClock();
    await start(kind, { clock, firstRequestBudgetMs: 300 });
    const [polite, stubborn] = [await connectRaw(), await connectRaw(true)];
    expect(drained.participant.statistics()).toMatchObject({ open: 2, silent: 2 });
    const releasing = drained.hold('release');
    const report = drained.shutdown();
    await polite.ended;
    await stubborn.until('GOAWAY');
    await releasing.begun;

    await eventually(() => !drained.server.listening);
    await eventually(() => drained.participant.statistics().open === 1);
    await clock.advance(300);

    await eventually(() => drained.participant.statistics().open === 0);
    releasing.release();
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('gives a session that sends nothing after the announcement a short time', async () => {
    const clock = new ManualClock();
    await start(kind, { clock, firstRequestBudgetMs: 300 });
    const hold = drained.hold('drain');
    const report = drained.shutdown();
    await hold.begun;
    const silent = await connectRaw();
    await eventually(() => drained.participant.statistics().silent === 1);
    hold.release();
    await eventually(() => !drained.server.listening);

    await clock.advance(300);

    await silent.ended;
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('does not hold up the release for a session whose time is already over', async () => {
    const clock = new ManualClock();
    await start(kind, { clock, firstRequestBudgetMs: 300 });
    const [stubborn, busy] = [await connectRaw(true), await connectRaw()];
    await held(stubborn);
    await held(busy);
    const report = drained.shutdown();
    await drained.entered('drain');
    const silent = await connectRaw();
    routes.held.shift()!.end('done');
    await stubborn.until('DATA 1 0 bytes');
    await eventually(() => drained.participant.inFlight() === 1);
    await clock.advance(300);

    routes.release();

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    await Promise.all([busy.ended, silent.ended]);
  });

  it('does not pass a closed stream to the application', async () => {
    await start(kind);
    const hold = drained.hold('announce');
    void drained.shutdown();
    await hold.begun;
    const client = await connectRaw();

    client.requestAndCancel(1, '/gone').request(3, '/');

    await client.until('DATA 3 6 bytes');
    expect(routes.reached).toEqual(['/']);
  });

  it('cuts a session in the end that has streams to which there is no response', async () => {
    routes = new SampleRoutes();
    drained = await DrainedServer.start(kind.create());
    const streams: unknown[] = [];
    drained.server.on('stream', (stream) => streams.push(stream));
    const client = await connectRaw();
    client.request(1, '/');
    await eventually(() => streams.length === 1);

    const report = await drained.shutdown();

    await client.ended;
    expect(report.cuts).toMatchObject([{ kind: 'socket', name: 'HTTP/2 session', phase: 'release' }]);
  });

  it('cuts and names the remaining streams at the deadline', async () => {
    await start(kind, { coordinator: { drainTimeoutMs: 100 } });
    const client = await connectRaw();
    await held(client);
    client.request(3, '/held/started?secret');
    await eventually(() => routes.held.length === 2);
    routes.held[1]!.write('abc');
    await client.until('DATA 3 3 bytes');

    const report = await drained.shutdown();

    await client.ended;
    expect(report).toMatchObject({
      status: 'failed',
      cuts: [
        { kind: 'request', name: 'GET /held', bytesSent: 0 },
        { kind: 'request', name: 'GET /held/started', bytesSent: 3 },
      ],
    });
    expect(drained.participant.statistics()).toMatchObject({ cut: 2 });
  });

  it('is restored when an operator resumes: clients return with new sessions', async () => {
    await start(kind);
    const before = await connectRaw();
    drained.coordinator.announce();
    expect(await before.ended).toBeUndefined();
    const meanwhile = await connect();
    expect(await meanwhile.ask('/')).toMatchObject({ status: 200 });

    await drained.coordinator.resume();

    expect(await meanwhile.ask('/')).toMatchObject({ status: 200 });
    expect(await (await connect()).ask('/')).toMatchObject({ status: 200 });
    expect(Object.getOwnPropertyNames(drained.server)).not.toContain('emit');
  });

  it('never ends a session within an event of a stream, which crashes Node 20', async () => {
    await start(kind);
    const closed: (boolean | undefined)[] = [];
    drained.server.prependListener('request', (_request, response) => {
      const { session } = (response as unknown as Http2ServerResponse).stream;
      void drained.shutdown();
      closed.push(session?.closed);
    });
    const client = await connectRaw();

    client.request(1, '/');

    await client.until('GOAWAY 0 last 1 code 0');
    expect(closed).toEqual([false]);
    expect(await client.ended).toBeUndefined();
  });

  it('leaves tunnels to Node', async () => {
    await start(kind);
    const hold = drained.hold('announce');
    void drained.shutdown();
    await hold.begun;
    const client = await connect();

    const tunnel = client.session.request({ ':method': 'CONNECT', ':authority': 'example.org:443' });

    const [headers] = (await once(tunnel, 'response')) as [Readonly<Record<string, unknown>>];

    expect(headers[':status']).toBe(405);
  });

  it.each(['running', 'announce'])('is not held by a tunnel that Node refuses while %s', async (when) => {
    await start(kind);
    const client = await connectRaw();
    const hold = drained.hold('announce');
    if (when === 'running') await client.tunnel(1, 'example.org:443').until('HEADERS 1');
    const report = drained.shutdown();
    await hold.begun;
    if (when === 'announce') {
      const other = await connectRaw();
      await other.tunnel(1, 'example.org:443').until('HEADERS 1');
    }
    hold.release();

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    await client.ended;
  });

  it('is not held by an upload that was answered, and that its client does not end', async () => {
    drained = await DrainedServer.start(
      kind.create((request, response) => {
        request.resume();
        response.writeHead(413).end('too large');
      }),
    );
    const client = await connectRaw();
    await client.request(1, '/', 'POST').data(1, 10).until('DATA 1');

    expect(await drained.shutdown()).toMatchObject({ status: 'completed', cuts: [] });
    await client.ended;
  });

  it('works the same if sessions cannot be read', async () => {
    routes = new SampleRoutes();
    const server = kind.create(routes.listener);
    drained = await DrainedServer.start(server, { streams: new TrackedStreams(server) });
    const client = await connectRaw();
    await held(client);
    expect(drained.participant.inFlight()).toBe(1);
    const report = drained.shutdown();
    await drained.entered('drain');
    expect(drained.coordinator.phase).toBe('drain');

    routes.release();

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    expect(client.frames).toContain('DATA 1 4 bytes');
  });

  it('leaves nothing behind when its participant is disposed of', async () => {
    await start(kind);
    const server = kind.create(routes.listener);
    await connectRaw();
    await eventually(() => drained.participant.statistics().open === 1);

    drained.participant.dispose();

    for (const event of ['connection', 'secureConnection', 'session', 'request', 'stream']) {
      expect([event, drained.server.listenerCount(event)]).toEqual([event, server.listenerCount(event)]);
    }
    expect(drained.participant.statistics()).toMatchObject({ open: 0 });
  });
});

describe('a server of both HTTP/1.1 and HTTP/2', () => {
  it('ends connections of both kinds, each in its own way', async () => {
    await start(KINDS[1]);
    const [one, two] = [await drained.connectTls(), await RawHttp2Client.connect('https', drained.port)];
    raws.push(two);
    one.get('/held');
    two.request(1, '/held');
    await eventually(() => routes.held.length === 2);
    expect(drained.participant.inFlight()).toBe(2);
    expect(drained.participant.statistics()).toMatchObject({ open: 2, inFlight: 2 });
    const report = drained.shutdown();
    await drained.entered('drain');

    routes.release();

    expect((await one.ended).error).toBeUndefined();
    expect(one.responses).toMatchObject([{ status: 200, headers: { connection: 'close' } }]);
    expect(await two.ended).toBeUndefined();
    expect(two.frames).toContain('GOAWAY 0 last 1 code 0');
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });
});
