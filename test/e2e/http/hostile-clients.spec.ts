import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { eventually } from '../../support/http/eventually.js';
import { ADAPTERS, ServedApplication } from './served-application.js';
import type { RawClient } from '../../support/http/raw-client.js';

/** With the default reserve of a fifth, the hook needs more than the reserve. */
const GRACE_PERIOD_MS = 8_000;
const HOOK_MS = 2_000;

describe.each(ADAPTERS)('on $name, a hook that needs more than its reserve', (adapter) => {
  let served: ServedApplication;

  afterEach(() => served.close());
  guardAgainstLeaks();

  it('completes although one client drips, one reads nothing and one pipelines an exempt route', async () => {
    let hasCompleted = false;
    served = await ServedApplication.start(adapter, {
      gracePeriodMs: GRACE_PERIOD_MS,
      exemptRoutes: ['/quick', '/big'],
    });
    served.coordinator.register({
      name: 'a hook',
      release: async () => {
        await delay(HOOK_MS);
        hasCompleted = true;
      },
    });
    const ended = new AbortController();
    const [dripping, pipelining, unread] = [
      await served.connect(),
      await served.connect(),
      await served.connect(),
    ];
    dripping.send(
      'POST /upload HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{',
    );
    unread.socket.pause();
    unread.get('/big').get('/big');
    await eventually(() => served.coordinator.progress().inFlight === 1);
    const repeated = [
      repeat(dripping, ' ', ended.signal),
      repeat(pipelining, 'GET /quick HTTP/1.1\r\nHost: test\r\n\r\n'.repeat(10), ended.signal),
    ];

    const { status, cuts } = await served.shutdown();

    ended.abort();
    await Promise.all(repeated);
    expect(hasCompleted).toBe(true);
    expect(status).toBe('failed');
    expect(cuts.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
      expect.arrayContaining(['stalled request POST /upload', 'stalled request GET /big']),
    );
  });
});

/** Sends `text` again and again until the connection is gone. */
async function repeat(client: RawClient, text: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && client.socket.writable) {
    client.send(text);
    await delay(20);
  }
}
