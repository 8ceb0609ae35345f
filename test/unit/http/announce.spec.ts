import { afterEach, describe, expect, it } from '@jest/globals';
import type { RequestListener, ServerResponse } from 'node:http';
import { DrainedServer, type DrainedServerOptions } from '../../support/http/drained-server.js';
import { eventually } from '../../support/http/eventually.js';

let drained: DrainedServer;
const pending: ServerResponse[] = [];

const listener: RequestListener = (request, response) => {
  if (request.url === '/held') pending.push(response);
  else response.end(request.url);
};

async function start(options: DrainedServerOptions = {}, on: RequestListener = listener): Promise<void> {
  drained = await DrainedServer.start(on, options);
}

/** Announces a shutdown that cannot be undone, until the end of the test. */
async function announce(): Promise<void> {
  const held = drained.hold('announce');
  void drained.shutdown();
  await held.begun;
}

const connectionHeaders = (responses: readonly { headers: Record<string, string | undefined> }[]) =>
  responses.map(({ headers }) => headers['connection']);

afterEach(async () => {
  for (const response of pending.splice(0)) response.end();
  await drained.close();
});

describe('an HTTP server while its shutdown is announced', () => {
  it('serves as before, and announces in each response that it is the last one of its connection', async () => {
    await start();
    const client = await drained.connect();
    await client.get('/before').untilResponses(1);

    await announce();
    client.get('/after');

    const { received } = await client.ended;
    expect(received).toContain('/after');
    expect(connectionHeaders(client.responses)).toEqual(['keep-alive', 'close']);
  });

  it('announces it in responses that were in flight', async () => {
    await start();
    const client = await drained.connect();
    client.get('/held');
    await eventually(() => pending.length === 1);

    await announce();
    pending[0]!.end('done');

    await client.ended;
    expect(client.responses).toMatchObject([{ status: 200, headers: { connection: 'close' }, body: 'done' }]);
  });

  it('announces it on new connections, and with HTTP/1.0 keep-alive', async () => {
    await start();
    await announce();
    const [modern, old] = [await drained.connect(), await drained.connect()];

    modern.get('/');
    old.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');

    await Promise.all([modern.ended, old.ended]);
    expect(connectionHeaders([...modern.responses, ...old.responses])).toEqual(['close', 'close']);
  });

  it('does not end connections between two requests', async () => {
    await start();
    const client = await drained.connect();
    await client.get('/first').untilResponses(1);

    await announce();
    const other = await drained.connect();
    await other.get('/').untilResponses(1);

    expect(client.socket.readyState).toBe('open');
    expect((await client.get('/second').untilResponses(2)).at(1)?.status).toBe(200);
  });

  it.each<[string, RequestListener]>([
    ['at once', (request, response) => response.end(request.url)],
    ['later', (request, response) => setImmediate(() => response.end(request.url))],
    [
      'in reverse',
      (_request, response) => {
        pending.unshift(response);
        if (pending.length < 3) return;
        for (const each of pending.splice(0)) each.end(each.req.url);
      },
    ],
  ])('answers all of three pipelined requests, %s, and only the last says close', async (_when, on) => {
    await start({}, on);
    await announce();
    const client = await drained.connect();

    client.get('/1').get('/2').get('/3');

    await client.ended;
    expect(client.responses.map(({ body }) => body)).toEqual(['/1', '/2', '/3']);
    expect(connectionHeaders(client.responses)).toEqual(['keep-alive', 'keep-alive', 'close']);
  });

  it('answers all of a pipeline that is longer than one read', async () => {
    await start();
    await announce();
    const client = await drained.connect();

    client.send(`GET / HTTP/1.1\r\nHost: test\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`.repeat(7));

    await client.ended;
    expect(connectionHeaders(client.responses)).toEqual([...Array<string>(6).fill('keep-alive'), 'close']);
  });

  it('answers what was pipelined before the announcement', async () => {
    await start();
    const client = await drained.connect();
    client.get('/held').get('/held').get('/held');
    await eventually(() => pending.length === 3);

    await announce();
    for (const [index, response] of pending.entries()) {
      response.end('done');
      await client.untilResponses(index + 1);
    }

    await client.ended;
    expect(client.responses.map(({ body }) => body)).toEqual(['done', 'done', 'done']);
    expect(connectionHeaders(client.responses)).toEqual(['keep-alive', 'keep-alive', 'close']);
  });

  it('answers a client that half-closes its connection after the request', async () => {
    await start();
    await announce();
    const client = await drained.connect();

    client.get('/');
    client.socket.end();

    await client.ended;
    expect(client.responses).toMatchObject([{ status: 200, headers: { connection: 'close' } }]);
  });

  it('does not run a request that follows the last response, because its client cannot get an answer', async () => {
    const paths: (string | undefined)[] = [];
    await start({}, (request, response) => {
      paths.push(request.url);
      listener(request, response);
    });
    await announce();
    const client = await drained.connect();
    client.get('/held');
    await eventually(() => pending.length === 1);
    pending[0]!.writeHead(200, { 'Content-Length': '4' });

    client.get('/behind');
    const other = await drained.connect();
    await other.get('/other').ended;
    pending[0]!.end('done');

    await client.ended;
    expect(client.responses.map(({ body }) => body)).toEqual(['done']);
    expect(paths).toEqual(['/held', '/other']);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['writeHead', (response) => response.writeHead(200, { 'X-Test': 'kept', connection: 'keep-alive' })],
    [
      'writeHead and a reason',
      (response) => response.writeHead(200, 'OK', { Connection: 'keep-alive', 'X-Test': 'kept' }),
    ],
    [
      'writeHead and a flat list',
      (response) => response.writeHead(200, ['Connection', 'keep-alive', 'X-Test', 'kept']),
    ],
    [
      'writeHead and a list of pairs',
      (response) =>
        response.writeHead(200, [
          ['Connection', 'keep-alive'],
          ['X-Test', 'kept'],
        ] as never),
    ],
    ['setHeader', (response) => response.setHeader('Connection', 'keep-alive').setHeader('X-Test', 'kept')],
  ])('wins over a keep-alive that the application writes with %s', async (_how, write) => {
    await start({}, (_request, response) => {
      write(response);
      response.end('body');
    });
    await announce();
    const client = await drained.connect();

    await client.get('/').ended;

    expect(client.responses).toMatchObject([
      { status: 200, headers: { connection: 'close', 'x-test': 'kept' }, body: 'body' },
    ]);
  });

  it('reads an upload to its end if it is answered early, so that its client gets the answer', async () => {
    const bytes = 8 * 1024 * 1024;
    await start({}, (_request, response) => response.writeHead(413).end('too large'));
    await announce();
    const client = await drained.connect();
    client.send(`POST / HTTP/1.1\r\nHost: test\r\nContent-Length: ${bytes}\r\n\r\n`);
    await client.until('too large');

    client.send('x'.repeat(bytes));

    const { error } = await client.ended;
    expect(error).toBeUndefined();
    expect(client.responses).toMatchObject([{ status: 413, headers: { connection: 'close' } }]);
  });

  it('reads an upload to its end although the application stopped reading', async () => {
    await start({}, (request, response) => {
      request.once('data', () => {
        request.pause();
        response.end('enough');
      });
    });
    await announce();
    const client = await drained.connect();
    client.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\nabc');
    await client.until('enough');

    const { error } = await client.send('def').ended;

    expect(error).toBeUndefined();
  });

  it('reports every request that arrives, unless it is exempt', async () => {
    await start();
    const client = await drained.connect();
    await client.get('/before').untilResponses(1);
    await announce();

    await (await drained.connect()).get('/one').ended;
    await (await drained.connect()).get('/healthz?verbose').ended;
    await (await drained.connect()).get('/two').ended;

    expect(drained.arrivals).toBe(2);
  });

  it('passes a request from a checkContinue listener to the application once', async () => {
    const paths: (string | undefined)[] = [];
    await start({}, (request, response) => {
      paths.push(request.url);
      request.resume().once('end', () => response.end('done'));
    });
    drained.server.on('checkContinue', (request, response) => {
      response.writeContinue();
      drained.server.emit('request', request, response);
    });
    await announce();
    const client = await drained.connect();
    client.send('POST /up HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
    await client.until('100 Continue');
    client.send('hi');

    await client.ended;
    expect(client.responses).toMatchObject([{ status: 200, headers: { connection: 'close' } }]);
    expect(paths).toEqual(['/up']);
    expect(drained.arrivals).toBe(1);
  });

  it('asks for the body of a request with Expect, as Node does', async () => {
    await start({}, (request, response) => request.resume().once('end', () => response.end('done')));
    await announce();
    const client = await drained.connect();
    client.send('POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
    await client.until('100 Continue');

    await client.send('hi').ended;

    expect(client.responses).toMatchObject([{ status: 200, body: 'done' }]);
  });

  it('serves upgrades', async () => {
    await start();
    drained.server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
    );
    await announce();
    const client = await drained.connect();

    const { received } = await client.get('/', 'Connection: Upgrade\r\nUpgrade: test\r\n').ended;

    expect(received).toContain('101 Switching Protocols');
  });

  it('respects listeners that are added and removed during the announcement', async () => {
    await start();
    await announce();
    drained.server.off('request', listener);
    drained.server.on('request', (_request, response) => response.end('new'));

    const client = await drained.connect();
    await client.get('/').ended;

    expect(client.responses.map(({ body }) => body)).toEqual(['new']);
  });
});

describe('an HTTP server that an operator drains', () => {
  it('retires each open connection once, but no new ones', async () => {
    await start();
    const client = await drained.connect();
    await client.get('/').untilResponses(1);
    drained.coordinator.announce();

    await client.get('/').ended;
    const next = await drained.connect();
    await next.get('/').untilResponses(1);
    await next.get('/').untilResponses(2);

    expect(connectionHeaders(client.responses)).toEqual(['keep-alive', 'close']);
    expect(connectionHeaders(next.responses)).toEqual(['keep-alive', 'keep-alive']);
  });

  it('retires all connections when the drain becomes a shutdown', async () => {
    await start();
    const held = drained.hold('announce');
    drained.coordinator.announce();
    await held.begun;
    const client = await drained.connect();
    await client.get('/').untilResponses(1);

    void drained.shutdown();
    await client.get('/').ended;

    expect(connectionHeaders(client.responses)).toEqual(['keep-alive', 'close']);
  });

  it('is restored after a resume', async () => {
    await start();
    const eventsBefore = drained.server
      .eventNames()
      .map((name) => [name, drained.server.listenerCount(name)]);
    const [idle, busy] = [await drained.connect(), await drained.connect()];
    await idle.get('/').untilResponses(1);
    busy.get('/held');
    await eventually(() => pending.length === 1);
    drained.coordinator.announce();

    await drained.coordinator.resume();
    pending[0]!.end('done');
    await idle.get('/').untilResponses(2);
    await busy.untilResponses(1);

    expect(connectionHeaders([...idle.responses, ...busy.responses])).toEqual([
      'keep-alive',
      'keep-alive',
      'keep-alive',
    ]);
    expect(Object.hasOwn(drained.server, 'emit')).toBe(false);
    expect(drained.server.eventNames().map((name) => [name, drained.server.listenerCount(name)])).toEqual(
      eventsBefore,
    );
  });

  it.each(['before', 'meanwhile'])('keeps overrides of emit() by other code, made %s', async (when) => {
    await start();
    const events: string[] = [];
    const wrap = (): void => {
      const emit = drained.server.emit.bind(drained.server) as (...args: unknown[]) => boolean;
      drained.server.emit = (event: string, ...args: unknown[]) => {
        events.push(event);
        return emit(event, ...args);
      };
    };
    if (when === 'before') wrap();
    drained.coordinator.announce();
    if (when === 'meanwhile') wrap();
    await drained.coordinator.resume();
    const client = await drained.connect();
    await client.get('/').untilResponses(1);

    const ofClients = events.filter((event) => !event.endsWith('Listener'));
    expect(ofClients).toEqual(['connection', 'request']);
    expect(connectionHeaders(client.responses)).toEqual(['keep-alive']);
  });

  it('still knows after a resume which connections are idle', async () => {
    await start();
    const client = await drained.connect();
    await client.get('/').untilResponses(1);
    drained.coordinator.announce();
    await drained.coordinator.resume();

    await client.get('/').untilResponses(2);

    expect(drained.participant.statistics()).toMatchObject({ idle: 1, halfSent: 0 });
  });

  it('can be drained again', async () => {
    await start();
    drained.coordinator.announce();
    await drained.coordinator.resume();
    drained.coordinator.announce();
    const client = await drained.connect();

    await client.get('/').untilResponses(1);

    expect(connectionHeaders(client.responses)).toEqual(['keep-alive']);
  });

  it('retires what is in flight on a connection that served requests during an earlier drain', async () => {
    await start();
    drained.coordinator.announce();
    const client = await drained.connect();
    await client.get('/').untilResponses(1);
    await drained.coordinator.resume();
    client.get('/held');
    await eventually(() => pending.length === 1);

    void drained.shutdown();
    pending[0]!.end('done');
    await client.ended;

    expect(connectionHeaders(client.responses)).toEqual(['keep-alive', 'close']);
  });
});
