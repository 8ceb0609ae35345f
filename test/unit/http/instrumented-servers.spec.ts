import { afterEach, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { DrainedServer } from '../../support/http/drained-server.js';
import { eventually } from '../../support/http/eventually.js';

let drained: DrainedServer;
const pending: ServerResponse[] = [];

async function start(): Promise<void> {
  drained = await DrainedServer.start((request, response) => {
    if (request.url === '/held') pending.push(response);
    else response.end(request.url);
  });
}

afterEach(async () => {
  for (const response of pending.splice(0)) response.end();
  await drained.close();
});

const hasOwn = (object: object, name: string): boolean => Object.hasOwn(object, name);

async function announceAndResume(): Promise<void> {
  drained.coordinator.announce();
  await drained.coordinator.resume();
}

describe('instrumentation that wraps a server while a shutdown is announced', () => {
  /** As tracing agents do: assigns a wrapper, and restores the original in the end. */
  function traceEmit(seen: unknown[]): () => void {
    const { server } = drained;
    const found = Reflect.get(server, 'emit') as (...args: unknown[]) => boolean;
    server.emit = function (this: unknown, ...args: [string, ...unknown[]]): boolean {
      seen.push(args[0]);
      return found.apply(server, args);
    } as typeof server.emit;
    return () => {
      Reflect.set(server, 'emit', found);
    };
  }

  it('stays in place when an operator resumes, and requests are served through it', async () => {
    await start();
    const seen: unknown[] = [];
    drained.coordinator.announce();
    const untrace = traceEmit(seen);
    await drained.coordinator.resume();
    const client = await drained.connect();
    await client.get('/traced').untilResponses(1);
    expect(seen).toContain('request');
    expect(client.responses).toMatchObject([{ headers: { connection: 'keep-alive' }, body: '/traced' }]);
    untrace();
  });

  it('can be removed after that, and leaves nothing behind at the next announcement', async () => {
    await start();
    drained.coordinator.announce();
    const untrace = traceEmit([]);
    await drained.coordinator.resume();
    untrace();
    await announceAndResume();
    expect(hasOwn(drained.server, 'emit')).toBe(false);
    const client = await drained.connect();
    await client.get('/plain').untilResponses(1);
    expect(client.responses).toMatchObject([{ body: '/plain' }]);
  });

  it('keeps its own closeIdleConnections', async () => {
    await start();
    let calls = 0;
    const theirs = (): void => void (calls += 1);
    drained.server.closeIdleConnections = theirs;
    await drained.shutdown();
    expect(Reflect.get(drained.server, 'closeIdleConnections')).toBe(theirs);
    expect(calls).toBe(0);
  });
});

describe('a response that is in flight when a shutdown is announced', () => {
  it('has its own writeHead again once the header is written', async () => {
    await start();
    const client = await drained.inFlight((each) => each.get('/held'));
    drained.coordinator.announce();
    const response = pending[0]!;
    expect(hasOwn(response, 'writeHead')).toBe(true);
    response.end('done');
    expect(hasOwn(response, 'writeHead')).toBe(false);
    await client.untilResponses(1);
    await drained.coordinator.resume();
  });

  it('keeps overrides by other code, in their order', async () => {
    await start();
    const client = await drained.inFlight((each) => each.get('/held'));
    drained.coordinator.announce();
    const response = pending[0]!;
    const found = response.writeHead.bind(response);
    const theirs = ((status: number) => {
      response.setHeader('x-traced', 'yes');
      return found(status);
    }) as ServerResponse['writeHead'];
    response.writeHead = theirs;
    response.end('done');
    expect(Reflect.get(response, 'writeHead')).toBe(theirs);
    await client.untilResponses(1);
    expect(client.responses).toMatchObject([{ headers: { 'x-traced': 'yes', connection: 'close' } }]);
    await drained.coordinator.resume();
  });

  it('can be answered after a first attempt that Node rejects', async () => {
    await start();
    const client = await drained.inFlight((each) => each.get('/held'));
    drained.coordinator.announce();
    const response = pending[0]!;
    expect(() => response.writeHead(0)).toThrow('Invalid status code');
    response.writeHead(200).end('done');
    await eventually(() => client.responses.length === 1);
    expect(client.responses).toMatchObject([{ status: 200, headers: { connection: 'close' } }]);
    expect(drained.participant.statistics().retired).toBe(1);
    await drained.coordinator.resume();
  });
});
