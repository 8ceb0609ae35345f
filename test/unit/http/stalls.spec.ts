import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { DrainedServer, type DrainedServerOptions } from '../../support/http/drained-server.js';
import { eventually, someTurns } from '../../support/http/eventually.js';
import { RawHttp2Client } from '../../support/http/raw-http2-client.js';
import { MANY_BYTES } from '../../support/http/sample-routes.js';
import { serverTls } from '../../support/http/tls-with-shared-key.js';
import type { RequestListener, ServerResponse } from 'node:http';
import type { AnyHttpServer } from '../../../src/http/any-http-server.js';
import type { RawClient } from '../../support/http/raw-client.js';

/** Of a connection; less than half of the drain. */
const BUDGET_MS = 5_000;
const CHECK_MS = BUDGET_MS / 10;
const MIN_BYTES_PER_SECOND = 1_000;

let clock: ManualClock;
let drained: DrainedServer;
/** Bytes that `/upload` has received. */
let uploaded = 0;
/** Responses that handlers have not ended. */
const pending: ServerResponse[] = [];
const raws: RawHttp2Client[] = [];

/** `/big` answers with many bytes, `/upload` when it has received one; `/headers` sends only headers, others nothing. */
const listener: RequestListener = (request, response) => {
  const { url } = request;
  if (url === '/big') {
    response.end(Buffer.alloc(MANY_BYTES, 'x'));
    return;
  }
  if (url === '/upload') {
    request.on('data', ({ length }: Buffer) => (uploaded += length)).on('end', () => response.end('done'));
    return;
  }
  pending.push(response);
  if (url === '/headers') response.writeHead(200).flushHeaders();
};

const SERVERS: Readonly<Record<string, () => AnyHttpServer>> = {
  HTTP: () => http.createServer(listener),
  HTTPS: () => https.createServer(serverTls, listener),
};

beforeEach(() => {
  clock = new ManualClock();
  uploaded = 0;
});

afterEach(async () => {
  for (const response of pending.splice(0)) response.end();
  for (const { socket } of raws.splice(0)) socket.destroy();
  await drained.close();
});

async function start(create: () => AnyHttpServer, options: DrainedServerOptions = {}): Promise<void> {
  drained = await DrainedServer.start(create(), {
    clock,
    minClientBytesPerSecond: MIN_BYTES_PER_SECOND,
    ...options,
  });
}

/** Resolves when this number of requests is in flight. */
const inFlight = (count: number): Promise<void> => eventually(() => drained.participant.inFlight() === count);

/** Lets the budget pass, as often as it would take to cut anything. */
async function wait(): Promise<void> {
  for (let look = 0; look < 3; look += 1) {
    await clock.advance(BUDGET_MS);
    await someTurns();
  }
}

describe.each(Object.entries(SERVERS))('a server of %s', (name, create) => {
  const connect = (): Promise<RawClient> => (name === 'HTTPS' ? drained.connectTls() : drained.connect());

  it('cuts a download whose client reads nothing until its budget is used up, and names it', async () => {
    await start(create);
    const client = await connect();
    client.socket.pause();
    client.get('/big');
    await inFlight(1);
    const report = drained.shutdown();
    await drained.entered('drain');

    await clock.advance(BUDGET_MS - 1);
    await someTurns();
    expect(drained.participant.inFlight()).toBe(1);
    await clock.advance(1);

    const { status, cuts } = await report;
    expect(status).toBe('failed');
    expect(cuts).toMatchObject([
      { kind: 'stalled request', name: 'GET /big', phase: 'drain', participant: 'HTTP server' },
    ]);
    expect(cuts[0]!.ageMs).toBe(BUDGET_MS);
    expect(cuts[0]!.bytesSent).toBeGreaterThan(0);
    expect(cuts[0]!.bytesSent).toBeLessThan(MANY_BYTES);
  });

  it('does not cut a download whose client reads now and then', async () => {
    await start(create);
    const client = await connect();
    client.socket.pause();
    client.get('/big');
    await inFlight(1);
    const report = drained.shutdown();
    await drained.entered('drain');

    // Enough for the kernel to announce a new receive window.
    for (let part = 1; part <= 4; part += 1) {
      client.socket.resume();
      await eventually(() => client.received.length > (part * MANY_BYTES) / 5);
      client.socket.pause();
      await clock.advance(BUDGET_MS);
    }
    client.socket.resume();

    expect((await client.ended).received.length).toBeGreaterThan(MANY_BYTES);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it.each([
    ['with a length', 'Content-Length: 1000\r\n\r\nab', 'c'.repeat(998)],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n', '2\r\nab\r\n0\r\n\r\n'],
  ])('cuts an upload %s that goes no further, and no sooner', async (_how, first, rest) => {
    await start(create);
    const head = `POST /upload HTTP/1.1\r\nHost: test\r\n`;
    const [stuck, slow] = [await connect(), await connect()];
    stuck.send(head + first);
    slow.send(head + first);
    await inFlight(2);
    const report = drained.shutdown();
    await drained.entered('drain');
    const before = drained.participant.inFlight();

    slow.send(rest);
    await slow.untilResponses(1);
    await clock.advance(BUDGET_MS);

    expect(before).toBe(2);
    expect((await report).cuts).toMatchObject([
      { kind: 'stalled request', name: 'POST /upload', bytesSent: 0 },
    ]);
    expect(slow.responses).toMatchObject([{ status: 200, body: 'done' }]);
  });

  it.each([
    ['cuts an upload that drips', 100, ['stalled request']],
    ['does not cut an upload at the least rate', 501, []],
  ])('%s, whatever is sent besides', async (_what, bytes, cuts) => {
    await start(create);
    const client = await connect();
    const rounds = 30;
    client.send(`POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: ${rounds * 501}\r\n\r\n`);
    await inFlight(1);
    const report = drained.shutdown();
    await drained.entered('drain');
    const sent = name === 'HTTPS' ? bytes - 22 : bytes;

    for (let round = 1; round <= rounds && drained.participant.inFlight() === 1; round += 1) {
      // A client may send its upload in any pieces.
      client.send('a').send('b'.repeat(sent - 1));
      await eventually(() => uploaded >= round * sent || drained.participant.inFlight() === 0);
      await clock.advance(CHECK_MS);
    }
    if (cuts.length === 0) client.send('c'.repeat(rounds * (501 - sent)));

    expect((await report).cuts.map(({ kind }) => kind)).toEqual(cuts);
  });

  it('cuts a download of which the client takes a byte now and then while it sends other requests', async () => {
    await start(create);
    const client = await connect();
    client.socket.pause();
    client.get('/big');
    await inFlight(1);
    const report = drained.shutdown();
    await drained.entered('drain');

    for (let check = 0; check < 12 && drained.participant.inFlight() > 0; check += 1) {
      client.socket.read(1);
      client.send(`X: ${'y'.repeat(1_000)}`);
      await clock.advance(CHECK_MS);
    }

    expect((await report).cuts).toMatchObject([{ kind: 'stalled request', name: 'GET /big' }]);
  });
});

describe('a request that waits for its handler, not for its client,', () => {
  it.each([
    ['has no response yet', 'GET /computing HTTP/1.1\r\nHost: test\r\n\r\n', ''],
    ['has sent its headers', 'GET /headers HTTP/1.1\r\nHost: test\r\n\r\n', ''],
    [
      'does not read its upload',
      'POST /unread HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\nabc',
      'def',
    ],
  ])('is never stalled: one that %s', async (_what, request, rest) => {
    await start(SERVERS['HTTP']!);
    const client = await drained.connect();
    client.send(request);
    await inFlight(1);
    const report = drained.shutdown();
    await drained.entered('drain');

    await wait();
    expect(drained.participant.inFlight()).toBe(1);
    client.send(rest);
    for (const response of pending.splice(0)) response.end('done');

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is never stalled while its handler processes part of an upload', async () => {
    await start(SERVERS['HTTP']!);
    const client = await drained.connect();
    client.send('POST /pausing HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nabc');
    await eventually(() => pending.length === 1);
    const { req: upload } = pending[0]!;
    upload.once('data', () => upload.pause());
    await eventually(() => upload.isPaused());
    client.send('def');
    await eventually(() => upload.readableLength > 0);
    const report = drained.shutdown();
    await drained.entered('drain');

    await wait();
    expect(drained.participant.inFlight()).toBe(1);
    client.send('ghi');
    pending.pop()!.end('done');

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is never stalled while it is queued behind another response of its connection', async () => {
    await start(SERVERS['HTTP']!);
    const hold = drained.hold('announce');
    const report = drained.shutdown();
    await hold.begun;
    const client = await drained.connect();
    client.get('/computing').get('/big');
    await inFlight(2);
    hold.release();
    await drained.entered('drain');

    await wait();
    expect(drained.participant.inFlight()).toBe(2);
    pending.pop()!.end('done');

    expect((await client.ended).received.length).toBeGreaterThan(MANY_BYTES);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });
});

describe('a stalled transfer', () => {
  async function stalled(): Promise<RawClient> {
    const client = await drained.connect();
    client.socket.pause();
    client.get('/big');
    await inFlight(1);
    return client;
  }

  it('is not cut before the drain', async () => {
    await start(SERVERS['HTTP']!);
    const client = await stalled();
    const hold = drained.hold('announce');
    const report = drained.shutdown();
    await hold.begun;

    await wait();
    hold.release();
    client.socket.resume();

    expect((await client.ended).received.length).toBeGreaterThan(MANY_BYTES);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is waited for until the end of the drain without a least rate', async () => {
    await start(SERVERS['HTTP']!, { minClientBytesPerSecond: 0, coordinator: { drainTimeoutMs: 100 } });
    await stalled();

    const report = drained.shutdown();
    await drained.entered('drain');
    await wait();

    expect((await report).cuts).toMatchObject([{ kind: 'request', name: 'GET /big' }]);
  });

  it('is cut once, as a request, if the drain is over sooner', async () => {
    await start(SERVERS['HTTP']!, { coordinator: { drainTimeoutMs: 100 } });
    const client = await drained.connect();
    client.send('POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\na');
    await eventually(() => uploaded === 1);

    const report = await drained.shutdown();

    expect(report.cuts).toMatchObject([{ kind: 'request', name: 'POST /upload' }]);
  });

  it('leaves no timer behind', async () => {
    await start(SERVERS['HTTP']!);
    const client = await stalled();
    const report = drained.shutdown();
    await drained.entered('drain');
    client.socket.resume();

    await report;

    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a server of HTTP/2', () => {
  async function connect(): Promise<RawHttp2Client> {
    const client = await RawHttp2Client.connect('http', drained.port);
    raws.push(client);
    return client;
  }
  const create = (): AnyHttpServer => http2.createServer(listener as never);

  it('cuts a download without flow-control window and a stalled upload, and no other requests', async () => {
    await start(create);
    const [stuck, moving, uploading] = [await connect(), await connect(), await connect()];
    // After many bytes, Node would not accept a second stream: they use up the memory limit of the session.
    stuck.request(1, '/computing').request(3, '/big');
    moving.request(1, '/big');
    uploading.request(1, '/upload', 'POST').data(1, 10);
    await inFlight(4);
    await moving.until('DATA 1 16383');
    const report = drained.shutdown();
    await drained.entered('drain');

    // The GOAWAY of the server counts as movement, so the stall may be detected only at a second check.
    for (const bytes of [6_000, 6_001]) {
      moving.grant(1, bytes);
      await moving.until(`DATA 1 ${bytes}`);
      await clock.advance(BUDGET_MS);
    }

    await Promise.all([stuck.until('RST_STREAM 3 code 8'), uploading.until('RST_STREAM 1 code 8')]);
    expect(drained.participant.inFlight()).toBe(2);
    moving.grant(1, MANY_BYTES);
    stuck.grant(1, 1_000);
    pending.pop()!.end('done');
    await Promise.all([moving.ended, stuck.ended]);
    expect(stuck.frames).toContain('DATA 1 4 bytes');
    expect((await report).cuts).toMatchObject([
      { kind: 'stalled request', name: 'GET /big' },
      { kind: 'stalled request', name: 'POST /upload' },
    ]);
  });
});
