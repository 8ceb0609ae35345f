import { afterEach, describe, expect, it } from '@jest/globals';
import { setPolicy } from '../../../src/sse/stream-policy.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
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
