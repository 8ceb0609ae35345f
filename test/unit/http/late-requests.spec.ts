import { afterEach, describe, expect, it } from '@jest/globals';
import type { RequestListener, ServerResponse } from 'node:http';
import { DrainedServer, type DrainedServerOptions } from '../../support/http/drained-server.js';
import { eventually } from '../../support/http/eventually.js';
import { RawClient } from '../../support/http/raw-client.js';

let drained: DrainedServer;
let served: (string | undefined)[] = [];
const pending: ServerResponse[] = [];

const listener: RequestListener = (request, response) => {
  served.push(request.url);
  if (request.url === '/held') pending.push(response);
  else request.resume().once('end', () => response.end('served'));
};

const REFUSAL = {
  statusCode: 503,
  error: 'Service Unavailable',
  message: 'The server is shutting down',
  code: 'SHUTTING_DOWN',
};

async function quiesce(options: DrainedServerOptions = {}): Promise<void> {
  drained = await DrainedServer.start(listener, options);
  const held = drained.hold('quiesce');
  void drained.shutdown();
  await held.begun;
}

afterEach(async () => {
  for (const response of pending.splice(0)) response.end();
  await drained.close();
  served = [];
});

describe('a request that arrives in or after quiesce', () => {
  it('is refused with 503, Retry-After and Connection: close', async () => {
    await quiesce();
    const client = await drained.connect();

    const { error } = await client.get('/').ended;

    expect(error).toBeUndefined();
    expect(client.responses).toMatchObject([
      {
        status: 503,
        headers: {
          'retry-after': '1',
          connection: 'close',
          'content-type': 'application/json; charset=utf-8',
        },
      },
    ]);
    expect(JSON.parse(client.responses[0]!.body)).toEqual(REFUSAL);
    expect(served).toEqual([]);
    expect(drained.participant.statistics()).toMatchObject({ late: 1, retired: 1 });
  });

  it('is answered with the texts of the options', async () => {
    await quiesce({
      lateResponse: { code: 'GONE_FISHING', message: 'Ça va être prêt', retryAfterSeconds: 7 },
    });
    const client = await drained.connect();

    await client.get('/').ended;

    const [response] = client.responses;
    expect(response?.headers['retry-after']).toBe('7');
    expect(JSON.parse(Buffer.from(response!.body, 'latin1').toString())).toEqual({
      ...REFUSAL,
      code: 'GONE_FISHING',
      message: 'Ça va être prêt',
    });
  });

  it('gets no body in the answer to HEAD', async () => {
    await quiesce();
    const client = await drained.connect();

    const { received } = await client.send('HEAD / HTTP/1.1\r\nHost: test\r\n\r\n').ended;

    expect(received).toMatch(/^HTTP\/1\.1 503 .*Content-Length: \d\d.*\r\n\r\n$/s);
  });

  it('is served on an exempt route, with or without query, and its connection ends', async () => {
    await quiesce();
    const client = await drained.connect();

    await client.get('/healthz?verbose').ended;

    expect(client.responses).toMatchObject([
      { status: 200, headers: { connection: 'close' }, body: 'served' },
    ]);
    expect(drained.participant.statistics().late).toBe(0);
  });

  it('is served if the options say so', async () => {
    await quiesce({ lateRequests: 'serve' });
    const client = await drained.connect();

    await client.get('/').ended;

    expect(client.responses).toMatchObject([
      { status: 200, headers: { connection: 'close' }, body: 'served' },
    ]);
    expect(drained.participant.statistics().late).toBe(1);
  });

  it('is refused whatever the options say once the shutdown is forced, and nobody can connect', async () => {
    await quiesce({ lateRequests: 'serve' });
    const [client, waiting] = [await drained.connect(), await drained.connect()];
    waiting.get('/held');
    await eventually(() => pending.length === 1);
    const { port } = drained;

    drained.participant.refuse();

    await client.get('/').ended;
    expect(client.responses).toMatchObject([{ status: 503, headers: { connection: 'close' } }]);
    expect(served).toEqual(['/held']);
    pending.pop()!.end('held');
    expect(await waiting.untilResponses(1)).toMatchObject([{ status: 200, body: 'held' }]);
    await expect(RawClient.connect(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('is refused if the shutdown is forced before it has begun', async () => {
    await quiesce({ lateRequests: 'serve', onAccepted: () => drained.participant.refuse() });
    const client = await drained.connect();

    await client.get('/').ended;

    expect(client.responses).toMatchObject([{ status: 503 }]);
    expect(served).toEqual([]);
  });

  it('is served on an exempt route even then', async () => {
    await quiesce({ lateRequests: 'serve' });
    const client = await drained.connect();
    drained.participant.refuse();

    await client.get('/healthz').ended;

    expect(client.responses).toMatchObject([{ status: 200, body: 'served' }]);
  });

  it('is refused three times out of three when pipelined', async () => {
    await quiesce();
    const client = await drained.connect();

    await client.get('/1').get('/2').get('/3').ended;

    expect(client.responses.map(({ status, headers }) => [status, headers['connection']])).toEqual([
      [503, 'keep-alive'],
      [503, 'keep-alive'],
      [503, 'close'],
    ]);
  });

  it('is refused after an accepted request, which is answered first', async () => {
    drained = await DrainedServer.start(listener);
    const client = await drained.connect();
    client.get('/held');
    await eventually(() => pending.length === 1);
    const held = drained.hold('quiesce');
    void drained.shutdown();
    await held.begun;

    client.get('/late');
    await eventually(() => drained.participant.statistics().late === 1);
    pending[0]!.end('done');

    await client.ended;
    expect(client.responses.map(({ status, headers }) => [status, headers['connection']])).toEqual([
      [200, 'keep-alive'],
      [503, 'close'],
    ]);
  });

  it('gets its answer after an upload, because the upload is read to the end', async () => {
    const bytes = 8 * 1024 * 1024;
    await quiesce();
    const client = await drained.connect();
    client.send(`POST / HTTP/1.1\r\nHost: test\r\nContent-Length: ${bytes}\r\n\r\n`);
    await client.untilResponses(1);

    client.send('x'.repeat(bytes));

    expect((await client.ended).error).toBeUndefined();
    expect(client.responses).toMatchObject([{ status: 503, headers: { connection: 'close' } }]);
  });

  it.each([
    ['Node answers for the application', () => {}],
    [
      'the application listens for it',
      () =>
        void drained.server.on('checkContinue', (request, response) => {
          response.writeContinue();
          drained.server.emit('request', request, response);
        }),
    ],
  ])('is refused without being asked for its body, where %s', async (_where, listen) => {
    drained = await DrainedServer.start(listener);
    listen();
    const held = drained.hold('quiesce');
    void drained.shutdown();
    await held.begun;
    const client = await drained.connect();

    const { received } = await client.send(
      'POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n',
    ).ended;

    expect(received).toMatch(/^HTTP\/1\.1 503 /);
    expect(served).toEqual([]);
  });

  it('is refused with any expectation', async () => {
    drained = await DrainedServer.start(listener);
    drained.server.on('checkExpectation', (_request, response) => response.end('expected'));
    const held = drained.hold('quiesce');
    void drained.shutdown();
    await held.begun;
    const client = await drained.connect();

    await client.get('/', 'Expect: the-unexpected\r\n').ended;

    expect(client.responses.map(({ status }) => status)).toEqual([503]);
  });

  it.each([
    [
      'an upgrade',
      'upgrade',
      'GET /chat HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
    ['a tunnel', 'connect', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n'],
  ])('is refused when it asks for %s', async (_what, event, request) => {
    drained = await DrainedServer.start(listener);
    const reached: string[] = [];
    drained.server.on(event, (_request, socket) => {
      reached.push(event);
      socket.destroy();
    });
    const held = drained.hold('quiesce');
    const report = drained.shutdown();
    await held.begun;
    const client = await drained.connect();

    await client.send(request).ended;

    expect(client.responses).toMatchObject([
      { status: 503, headers: { 'retry-after': '1', connection: 'close' } },
    ]);
    expect(JSON.parse(client.responses[0]!.body)).toEqual(REFUSAL);
    expect(reached).toEqual([]);
    expect(drained.participant.statistics().late).toBe(1);
    held.release();
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('holds nothing up if its upgrade is refused and the client stays connected', async () => {
    drained = await DrainedServer.start(listener);
    drained.server.on('upgrade', () => {});
    const held = drained.hold('quiesce');
    const report = drained.shutdown();
    await held.begun;
    const client = await drained.connect();
    client.socket.allowHalfOpen = true;
    await client.get('/', 'Connection: Upgrade\r\nUpgrade: test\r\n').untilResponses(1);

    held.release();

    expect((await report).status).toBe('completed');
  });

  it('can upgrade on an exempt route', async () => {
    await quiesce();
    drained.server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
    );
    const client = await drained.connect();

    const { received } = await client.get('/healthz', 'Connection: Upgrade\r\nUpgrade: test\r\n').ended;

    expect(received).toContain('101 Switching Protocols');
  });
});
