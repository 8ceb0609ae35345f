import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningHandlers } from '../../../src/http/running-handlers.js';
import { systemClock } from '../../../src/util/clock.js';
import { connect, type AddressInfo } from 'node:net';
import type { ShutdownContext } from '../../../src/core/participant.js';

const server = createServer();
let request: IncomingMessage;
let response: ServerResponse;
let handlers: RunningHandlers;
const cutByServer = new WeakSet<IncomingMessage>();
const port = (): number => (server.address() as AddressInfo).port;

beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answer = fetch(`http://127.0.0.1:${port()}/`);
  [request, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  response.end();
  await answer;
  handlers = new RunningHandlers({
    clock: systemClock,
    isExempt: () => false,
    isLate: () => false,
    isCut: (each) => cutByServer.has(each),
    isOfOther: () => false,
    blindSpot: () => undefined,
    routePattern: () => undefined,
  });
});
afterEach(() => {
  server.close();
});

describe('a running handler', () => {
  it('leaves its rejection to what it returns to: unhandled there, it is unhandled as without us', async () => {
    const failure = new Error('not caught');
    const promise = Promise.reject(failure);

    const returned = handlers.track(request, response, promise);

    // The promise itself is handled by being tracked, so its rejection would be lost.
    expect(returned).not.toBe(promise);
    await expect(returned).rejects.toBe(failure);
    expect(handlers.inFlight()).toBe(0);
  });

  it.each([
    { by: 'its server', named: [] },
    { by: 'nobody else', named: ['GET /'] },
  ])('whose client disconnects after it was cut is named if $by names it: $named', async ({ by, named }) => {
    const client = connect(port());
    client.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    [request, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
    const abort = new AbortController();
    const cuts: Parameters<ShutdownContext['cut']>[0][] = [];
    const context = { signal: abort.signal, cut: (cut: (typeof cuts)[number]) => cuts.push(cut) };
    void handlers.track(request, response, new Promise(() => {}));
    void handlers.track(request, response, new Promise(() => {}));
    const drained = handlers.drain(context as unknown as ShutdownContext);
    abort.abort();
    await drained;
    expect(cuts).toEqual([]);

    if (by === 'its server') cutByServer.add(request);
    client.destroy();
    await once(response, 'close');

    expect(cuts.map(({ kind, name }) => `${kind} ${name}`)).toEqual(named.map((name) => `handler ${name}`));
  });

  it('returns what it would have returned', async () => {
    expect(await handlers.track(request, response, Promise.resolve('done'))).toBe('done');
    expect(handlers.inFlight()).toBe(0);
  });
});
