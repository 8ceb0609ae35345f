import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningHandlers } from '../../../src/http/running-handlers.js';
import { systemClock } from '../../../src/util/clock.js';
import type { AddressInfo } from 'node:net';

const server = createServer();
let request: IncomingMessage;
let response: ServerResponse;
let handlers: RunningHandlers;

beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answer = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  [request, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  response.end();
  await answer;
  handlers = new RunningHandlers({
    clock: systemClock,
    isExempt: () => false,
    isLate: () => false,
    isCut: () => false,
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

  it('returns what it would have returned', async () => {
    expect(await handlers.track(request, response, Promise.resolve('done'))).toBe('done');
    expect(handlers.inFlight()).toBe(0);
  });
});
