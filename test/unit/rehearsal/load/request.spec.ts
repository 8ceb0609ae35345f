import { once } from 'node:events';
import {
  Agent,
  createServer as createHttpServer,
  type RequestListener,
  type Server as HttpServer,
} from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { outcomeOfError } from '../../../../src/rehearsal/load/outcome.js';
import { sendRequest, type RequestPlan, type RequestResult } from '../../../../src/rehearsal/load/request.js';

const read: RequestPlan = { kind: 'read', method: 'GET', path: '/' };
const upload: RequestPlan = {
  kind: 'upload',
  method: 'POST',
  path: '/',
  upload: { bytes: 300_000, overMs: 0 },
};

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0)) await cleanUp();
});

async function listening(server: HttpServer | Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** A server that answers by these bytes, or by whatever `answer` does to the socket. */
const raw = (answer: (socket: Socket, request: number) => unknown): Promise<number> => {
  let requests = 0;
  return listening(
    createServer((socket) => {
      socket.on('data', () => answer(socket, (requests += 1)));
    }),
  );
};

const http = (listener: RequestListener): Promise<number> => listening(createHttpServer(listener));

/** Requests one after the other over one keep-alive connection, as far as the server lets it. */
async function send(port: number, plans: RequestPlan[], timeoutMs = 5_000): Promise<RequestResult[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanups.push(() => agent.destroy());
  const results: RequestResult[] = [];
  for (const plan of plans) results.push(await sendRequest(plan, { port, agent, timeoutMs }));
  return results;
}

async function outcomes(port: number, plans: RequestPlan[], timeoutMs?: number): Promise<string[]> {
  return (await send(port, plans, timeoutMs)).map(({ outcome }) => outcome);
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('sendRequest', () => {
  it.each([
    [200, 'answered'],
    [204, 'answered'],
    [301, 'unexpected'],
    [404, 'unexpected'],
    [500, 'server-error'],
    [502, 'server-error'],
    [503, 'late'],
  ])('takes a %d for %s', async (status, outcome) => {
    const port = await http((_, response) => response.writeHead(status).end());
    expect(await send(port, [read])).toEqual([{ plan: read, outcome, status, retired: false }]);
  });

  it('notices that a connection is being retired', async () => {
    const port = await http((_, response) => response.setHeader('connection', 'close').end());
    expect(await send(port, [read])).toMatchObject([{ outcome: 'answered', retired: true }]);
  });

  it('tells a refused connection', async () => {
    const server = createServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await outcomes(port, [read])).toEqual(['refused']);
  });

  it('tells a reset of a connection that it opened from one that it used before', async () => {
    const port = await raw((socket, request) =>
      request === 1 ? socket.write(OK) : socket.resetAndDestroy(),
    );
    expect(await outcomes(port, [read, read, read])).toEqual(['answered', 'reset-reused', 'reset-new']);
  });

  it('takes an end without an answer for a reset, too', async () => {
    const port = await raw((socket) => socket.end());
    expect(await outcomes(port, [read])).toEqual(['reset-new']);
  });

  it('tells a reset in the middle of an upload', async () => {
    const port = await raw((socket) => socket.resetAndDestroy());
    expect(await outcomes(port, [upload])).toEqual(['reset-new']);
  });

  it('takes a broken pipe, which is how a reset looks to a writer at times, for a reset', () => {
    const error = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    expect([outcomeOfError(error, true), outcomeOfError(error, false)]).toEqual([
      'reset-reused',
      'reset-new',
    ]);
  });

  it.each([
    ['by its length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'],
    ['by its chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n'],
  ])('tells a body that is cut short, %s', async (_, text) => {
    const port = await raw((socket) => socket.end(text));
    expect(await send(port, [read])).toEqual([
      { plan: read, outcome: 'truncated', status: 200, retired: false },
    ]);
  });

  it('tells a body that ends properly and is still too short', async () => {
    const port = await http((_, response) => response.end('ok'));
    const plan: RequestPlan = { ...read, download: { bytes: 3, overMs: 0 } };
    expect(await outcomes(port, [plan])).toEqual(['truncated']);
  });

  it('does not ask for the size of the body of an error', async () => {
    const port = await http((_, response) => response.writeHead(500).end('no'));
    const plan: RequestPlan = { ...read, download: { bytes: 3, overMs: 0 } };
    expect(await outcomes(port, [plan])).toEqual(['server-error']);
  });

  it('gives up on silence, before the response and in its body', async () => {
    const port = await raw((socket, request) => request === 2 && socket.write(OK.slice(0, -1)));
    expect(await outcomes(port, [read, read], 100)).toEqual(['timed-out', 'timed-out']);
  });

  it('leaves a connection alone when the time of an earlier request is up', async () => {
    const port = await http((_, response) => setTimeout(() => response.end(), 250));
    expect(await outcomes(port, [read, read, read, read], 600)).toEqual(Array(4).fill('answered'));
  });

  it('takes what is not HTTP for unexpected', async () => {
    const port = await raw((socket) => socket.end('no\r\n\r\n'));
    expect(await outcomes(port, [read])).toEqual(['unexpected']);
  });

  it('sends an upload in full, and reads a download no faster than told', async () => {
    let uploaded = 0;
    const port = await http((request, response) => {
      request.on('data', (chunk: Buffer) => (uploaded += chunk.length));
      request.on('end', () => response.end(Buffer.alloc(300_000)));
    });
    const plan: RequestPlan = { ...upload, download: { bytes: 300_000, overMs: 200 } };
    const startedAt = performance.now();
    expect(await outcomes(port, [plan])).toEqual(['answered']);
    expect(uploaded).toBe(300_000);
    // The pace is the promise; a timer may fire a millisecond early.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(195);
  });
});
