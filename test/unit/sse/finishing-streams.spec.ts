import { afterEach, describe, expect, it } from '@jest/globals';
import { setPolicy } from '../../../src/sse/stream-policy.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import type { EventStreamRoute, ShutdownStreamOptions } from '../../../src/config/stream-options.js';
import { FAREWELL, open, StreamingServer } from './streaming-server.js';

let served: StreamingServer;

afterEach(() => served.close());

describe('a stream with the policy finish', () => {
  const finishing = (maxMs?: number) =>
    StreamingServer.start(
      (request, response) => {
        if (request.url === '/finishing')
          setPolicy(response, { policy: 'finish', ...(maxMs !== undefined && { maxMs }) });
        open(response);
      },
      { clock: manual, finishMs: 1_000 },
    );
  let manual: ManualClock;

  it('goes on while others end, and ends by itself', async () => {
    manual = new ManualClock();
    served = await finishing();
    const [other, client] = [await served.listen(), await served.listen('/finishing')];
    const over = served.drained.shutdown();
    await other.ended;
    await manual.advance(999);
    served.responses[1]!.end('data: 2\n\n');
    expect(await over).toMatchObject({ status: 'completed' });
    expect(client.responses[0]!.body).toBe('data: 1\n\ndata: 2\n\n');
    expect(manual.pendingTimers).toBe(0);
  });

  it.each([
    ['at the end of its own time', 300, 300],
    ['in time for the end of the drain', undefined, 1_000],
    ['in time for the end of the drain, whatever it wants', 5_000, 1_000],
  ])('is ended like the others %s', async (_when, maxMs, endsAt) => {
    manual = new ManualClock();
    served = await finishing(maxMs);
    const client = await served.listen('/finishing');
    void served.drained.shutdown();
    await served.drained.entered('drain');
    await manual.advance(endsAt - 1);
    expect(served.responses[0]!.writableEnded).toBe(false);
    await manual.advance(1);
    await client.ended;
    expect(client.responses[0]!.body).toContain(FAREWELL);
  });

  it('has the rest of its time when it begins during the drain', async () => {
    manual = new ManualClock();
    served = await StreamingServer.start(
      (_request, response) => setPolicy(response, { policy: 'finish', maxMs: 300 }),
      {
        clock: manual,
        finishMs: 1_000,
      },
    );
    const client = await served.drained.inFlight((raw) => raw.get('/finishing'));
    void served.drained.shutdown();
    await served.drained.entered('drain');
    await manual.advance(200);
    open(served.responses[0]!);
    await client.until('data: 1');
    await manual.advance(99);
    expect(served.responses[0]!.writableEnded).toBe(false);
    await manual.advance(1);
    await client.ended;
    expect(client.responses[0]!.body).toContain(FAREWELL);
  });
});

describe('a stream that answers POST', () => {
  let manual: ManualClock;

  const begin = async (routes: readonly EventStreamRoute[] = [], own?: ShutdownStreamOptions) => {
    manual = new ManualClock();
    served = await StreamingServer.start(
      (_request, response) => {
        if (own) setPolicy(response, own);
        open(response);
      },
      { clock: manual, finishMs: 1_000, routes, coordinator: { drainTimeoutMs: 300 } },
    );
    const client = await served.drained.connect();
    await client
      .send('POST /answers?q=1 HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n')
      .until('data: 1');
    return { client, over: served.drained.shutdown() };
  };

  it('finishes, and nothing is added to it', async () => {
    const { client, over } = await begin();
    await served.drained.entered('drain');
    await manual.advance(1_500);
    served.responses[0]!.end('data: [DONE]\n\n');
    expect(await over).toMatchObject({ status: 'completed', cuts: [] });
    await client.ended;
    expect(client.responses[0]!.body).toBe('data: 1\n\ndata: [DONE]\n\n');
  });

  it.each([
    ['by default', [], undefined],
    ['with the policy finish of its route', [{ route: '/answers', policy: 'finish' }], undefined],
    ['with its own policy finish', [{ route: '/answers', policy: 'end' }], { policy: 'finish' }],
    ['with the policy end of another method', [{ route: 'GET /answers', policy: 'end' }], undefined],
    ['with the policy end of another route', [{ route: '/answers/:id', policy: 'end' }], undefined],
  ] as const)('and does not end in time is cut, without a last event: %s', async (_how, routes, own) => {
    const { client, over } = await begin(routes, own);
    await served.drained.entered('drain');
    await manual.advance(1_500);
    expect(await over).toMatchObject({
      status: 'failed',
      cuts: [{ kind: 'stream', name: 'POST /answers', participant: 'HTTP server' }],
    });
    expect((await client.ended).received).not.toContain('shutdown');
  });

  it.each([
    ['its own policy', [], { policy: 'end' }],
    ['the policy of its route', [{ route: '/answers', policy: 'end' }], undefined],
    ['the policy of its route and method', [{ route: 'POST /:anything', policy: 'end' }], undefined],
    [
      'the first policy that matches',
      [
        { route: '/ans*', policy: 'end' },
        { route: '/answers', policy: 'finish' },
      ],
      undefined,
    ],
  ] as const)('ends with a last event by %s', async (_how, routes, own) => {
    const { client, over } = await begin(routes, own);
    await client.ended;
    expect(client.responses[0]!.body).toContain(FAREWELL);
    expect(await over).toMatchObject({ status: 'completed' });
  });

  it('ends with a last event when the time of its route is over', async () => {
    const { client } = await begin([{ route: '/answers', policy: 'finish', maxMs: 300 }]);
    await served.drained.entered('drain');
    await manual.advance(299);
    expect(served.responses[0]!.writableEnded).toBe(false);
    await manual.advance(1);
    await client.ended;
    expect(client.responses[0]!.body).toContain(FAREWELL);
  });
});
