import http2 from 'node:http2';
import { createGzip, gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/http/eventually.js';
import { Http2Client } from '../../support/http/http2-client.js';
import { FAREWELL, open, retriesIn, StreamingServer } from './streaming-server.js';
import type { RequestListener, ServerResponse } from 'node:http';

type Http2Listener = Parameters<typeof http2.createServer>[1];

let served: StreamingServer;

afterEach(() => served.close());

describe('an event stream', () => {
  it.each([
    [
      'setHeader',
      (response: ServerResponse) => response.setHeader('content-type', 'text/event-stream').writeHead(200),
    ],
    [
      'writeHead',
      (response: ServerResponse) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }),
    ],
    [
      'writeHead, as a list',
      (response: ServerResponse) =>
        response.writeHead(200, ['CONTENT-TYPE', 'Text/Event-Stream; charset=utf-8']),
    ],
  ])('whose type was given to %s gets a last event, and a clean end', async (_how, begin) => {
    served = await StreamingServer.start((_request, response) => void begin(response).write('data: 1\n\n'));
    const client = await served.listen();

    const report = await served.drained.shutdown();

    expect(await client.ended).toEqual({ received: expect.any(String) });
    expect(client.responses.map(({ body }) => body)).toEqual([`data: 1\n\n${FAREWELL}\n`]);
    expect(report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it.each(['text/event-streams', 'text/plain', 'application/json'])('is not %s', async (type) => {
    served = await StreamingServer.start((_request, response) => {
      response.writeHead(200, { 'Content-Type': type, 'X-Not': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    const client = await served.listen();
    const ended = served.drained.shutdown();
    await served.drained.entered('drain');
    served.responses[0]!.end('by itself');

    await ended;
    expect(client.responses.map(({ body }) => body)).toEqual(['data: 1\n\nby itself']);
  });

  it('that has an unfinished event ends that first', async () => {
    served = await StreamingServer.start((_request, response) => open(response, 'data: half'));
    const client = await served.listen('/events', 'half');
    await served.drained.shutdown();
    expect(client.responses.map(({ body }) => body)).toEqual([`data: half${FAREWELL}\n`]);
  });

  it('that middleware compresses ends compressed', async () => {
    served = await StreamingServer.start((_request, response) => {
      response.setHeader('Content-Encoding', 'gzip');
      compress(response);
      open(response, 'data: 1\n\n');
    });
    const client = (await served.drained.connect()).get('/events');
    await client.until('event-stream');

    await served.drained.shutdown();

    await client.ended;
    const { body } = client.responses[0]!;
    expect(gunzipSync(Buffer.from(body, 'latin1')).toString()).toBe(`data: 1\n\n${FAREWELL}\n`);
  });

  it('that is written compressed gets no uncompressed text', async () => {
    served = await StreamingServer.start((_request, response) => {
      response.setHeader('Content-Encoding', 'gzip');
      open(response, 'compressed');
    });
    const client = await served.listen('/events', 'compressed');
    await served.drained.shutdown();
    expect(client.responses.map(({ body }) => body)).toEqual(['compressed']);
  });

  it('discards later writes of its source', async () => {
    served = await StreamingServer.start();
    const client = await served.listen();
    const [response] = served.responses as [ServerResponse];
    const errors: unknown[] = [];
    response.on('error', (error) => errors.push(error));
    await served.drained.shutdown();

    const called = await Promise.all([
      new Promise((resolve) => response.write('data: 2\n\n', resolve)),
      new Promise((resolve) => response.write('data: 3\n\n', 'utf8', resolve)),
      new Promise<void>((resolve) => response.end('data: 4\n\n', resolve)),
    ]);
    expect(response.write('data: 5\n\n')).toBe(true);
    expect(response.end()).toBe(response);

    await new Promise((resolve) => setImmediate(resolve));
    expect(called).toEqual([undefined, undefined, undefined]);
    expect(errors).toEqual([]);
    expect(client.received).not.toContain('data: 2');
  });

  it('closes its connection, so that its client does not reuse it', async () => {
    served = await StreamingServer.start();
    const held = served.drained.hold('drain');
    const client = await served.listen();
    void served.drained.shutdown();
    await held.begun;
    await client.ended;
    expect(served.drained.participant.statistics()).toMatchObject({ open: 0, retired: 1 });
  });

  it('keeps its connection open for a pipelined request', async () => {
    served = await StreamingServer.start((request, response) =>
      request.url === '/events' ? open(response) : void response.end('behind'),
    );
    const client = await served.listen();
    client.get('/behind');
    await eventually(() => served.responses.length === 2);
    await served.drained.shutdown();
    await client.ended;
    expect(client.responses.map(({ body }) => body)).toEqual([expect.stringContaining(FAREWELL), 'behind']);
  });

  it('is not ended before draining', async () => {
    served = await StreamingServer.start();
    const [announce, quiesce, drain] = (['announce', 'quiesce', 'drain'] as const).map((phase) =>
      served.drained.hold(phase),
    );
    const client = await served.listen();
    void served.drained.shutdown();
    await announce!.begun;
    const late = await served.listen();
    announce!.release();
    await quiesce!.begun;
    expect([client.received, late.received].join()).not.toContain('shutdown');
    quiesce!.release();
    await drain!.begun;
    await Promise.all([client.ended, late.ended]);
    for (const { responses } of [client, late]) expect(responses[0]!.body).toContain(FAREWELL);
  });

  it('that begins during the drain sends its first events, then ends', async () => {
    served = await StreamingServer.start(() => {}, { windowMs: 5_000 });
    const held = served.drained.hold('drain');
    const client = await served.drained.inFlight((raw) => raw.get('/events'));
    void served.drained.shutdown();
    await held.begun;
    open(served.responses[0]!);
    await client.ended;
    const { body } = client.responses[0]!;
    expect(body).toMatch(/^data: 1\n\n\n\nevent: shutdown\n/);
    expect(retriesIn(body)).toHaveLength(1);
  });

  it('that begins late, with late requests served, ends too', async () => {
    served = await StreamingServer.start(undefined, { lateRequests: 'serve' });
    const held = served.drained.hold('drain');
    void served.drained.shutdown();
    await held.begun;
    const client = (await served.drained.connect()).get('/events');
    await client.ended;
    expect(client.responses[0]!.body).toContain(FAREWELL);
  });

  it('of an exempt route ends when the server closes', async () => {
    served = await StreamingServer.start();
    const held = served.drained.hold('drain');
    const client = await served.listen('/healthz');
    const other = await served.listen();
    const ended = served.drained.shutdown();
    await held.begun;
    await other.ended;
    expect(client.received).not.toContain('shutdown');
    held.release();
    expect(await ended).toMatchObject({ status: 'completed' });
    expect(client.responses[0]!.body).toContain(FAREWELL);
  });

  it('whose client does not read is cut, and called a stream', async () => {
    served = await StreamingServer.start((_request, response) => open(response, 'x'.repeat(20_000_000)), {
      coordinator: { drainTimeoutMs: 100 },
    });
    const client = await served.drained.inFlight((raw) => {
      raw.socket.pause();
      raw.get('/events?token=secret');
    });
    const { status, cuts } = await served.drained.shutdown();
    client.socket.resume();
    expect(status).toBe('failed');
    expect(cuts).toMatchObject([{ kind: 'stream', name: 'GET /events', participant: 'HTTP server' }]);
  });

  it('whose end fails does not affect the others', async () => {
    served = await StreamingServer.start(undefined, { coordinator: { drainTimeoutMs: 100 } });
    const [, other] = [await served.listen('/broken'), await served.listen()];
    served.responses[0]!.end = () => {
      throw new Error('broken');
    };
    const { cuts } = await served.drained.shutdown();
    expect(other.responses[0]!.body).toContain(FAREWELL);
    expect(cuts).toMatchObject([{ kind: 'stream', name: 'GET /broken' }]);
  });
});

describe('an event stream of HTTP/2', () => {
  const listenTo = async (answer?: RequestListener): Promise<Http2Client> => {
    served = await StreamingServer.start(answer, {
      create: (listener) => http2.createServer(listener as unknown as Http2Listener),
    });
    return Http2Client.connect('http', served.drained.port);
  };

  it('gets a last event, and a clean end', async () => {
    const client = await listenTo();
    const answer = client.ask('/events');
    await eventually(() => served.responses.length === 1);
    expect(await served.drained.shutdown()).toMatchObject({ status: 'completed', cuts: [] });
    const { error, body } = await answer;
    expect({ error, body }).toEqual({ body: `data: 1\n\n${FAREWELL}\n` });
  });

  it('that answers POST finishes', async () => {
    const client = await listenTo();
    const answer = client.ask('/events', { ':method': 'POST' });
    await eventually(() => served.responses.length === 1);
    const over = served.drained.shutdown();
    await served.drained.entered('drain');
    served.responses[0]!.end('data: 2\n\n');
    expect(await over).toMatchObject({ status: 'completed', cuts: [] });
    expect(await answer).toMatchObject({ status: 200, body: 'data: 1\n\ndata: 2\n\n' });
  });

  it('that is asked for late with POST is refused', async () => {
    await listenTo();
    const held = served.drained.hold('drain');
    void served.drained.shutdown();
    await held.begun;
    const late = await Http2Client.connect('http', served.drained.port);
    const answer = await late.ask('/events', { ':method': 'POST', accept: 'text/event-stream' });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  });

  it('that begins during the drain ends, too', async () => {
    const client = await listenTo(() => {});
    const held = served.drained.hold('drain');
    const answer = client.ask('/events');
    await eventually(() => served.responses.length === 1);
    void served.drained.shutdown();
    await held.begun;
    open(served.responses[0]!);
    const { error, body } = await answer;
    expect({ error, body }).toEqual({ body: `data: 1\n\n${FAREWELL}\n` });
  });

  it('discards later writes of its source', async () => {
    const client = await listenTo();
    void client.ask('/events');
    await eventually(() => served.responses.length === 1);
    await served.drained.shutdown();
    expect(served.responses[0]!.write('data: 2\n\n')).toBe(true);
    expect(served.responses[0]!.end('data: 3\n\n')).toBe(served.responses[0]);
  });
});

describe('a late request', () => {
  const late = async (headers: string, method = 'GET') => {
    served = await StreamingServer.start();
    const held = served.drained.hold('drain');
    void served.drained.shutdown();
    await held.begun;
    const client = await served.drained.connect();
    await client.send(`${method} /events HTTP/1.1\r\nHost: test\r\n${headers}\r\n`).ended;
    return client.responses[0]!;
  };

  it('for an event stream gets an empty one, after which an EventSource comes back', async () => {
    const { status, headers, body } = await late('Accept: text/event-stream\r\n');
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', connection: 'close' });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(body).toBe(`${FAREWELL}retry: 1000\n\n`);
    expect(served.drained.participant.statistics()).toMatchObject({ late: 1 });
  });

  it('for an event stream from a page of another origin gets the same', async () => {
    const { headers } = await late('Accept: text/event-stream\r\nOrigin: https://elsewhere.test\r\n');
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://elsewhere.test',
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
  });

  it.each([
    ['for anything', 'Accept: */*\r\n', 'GET'],
    ['for nothing in particular', '', 'GET'],
    ['for something else rather', 'Accept: application/json, text/event-stream\r\n', 'GET'],
    ['that is no GET', 'Accept: text/event-stream\r\nContent-Length: 0\r\n', 'POST'],
  ])('%s is answered with 503', async (_what, headers, method) => {
    expect(await late(headers, method)).toMatchObject({ status: 503 });
  });
});

/** As middlewares for that do it: by methods of the response's own, which call those that were there before. */
function compress(response: ServerResponse): void {
  const gzip = createGzip();
  const [write, end] = [response.write.bind(response), response.end.bind(response)];
  gzip.on('data', (chunk: Buffer) => write(chunk));
  gzip.on('end', () => end());
  Object.assign(response, {
    write: (chunk: string) => gzip.write(chunk),
    end: () => gzip.end(),
  });
}
