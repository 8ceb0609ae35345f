import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DrainedServer } from '../../support/http/drained-server.js';
import { eventually } from '../../support/http/eventually.js';

let drained: DrainedServer;
afterEach(() => drained.close());

/** What this process is answered at a port of its own. */
function ask(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host, port, agent: false }, (response) => resolve(text(response))).on('error', reject);
  });
}

describe('a server that closes its port when the shutdown begins', () => {
  it.each([
    { stopListeningAt: 'announce', host: '127.0.0.1' },
    { stopListeningAt: 'announce', host: '0.0.0.0' },
    // As in a worker of a cluster, which may be the last one.
    { stopListeningAt: 'quiesce', host: '127.0.0.1' },
    { stopListeningAt: 'quiesce', host: 'localhost' },
  ] as const)('can be reached by its own process: %j', async ({ stopListeningAt, host }) => {
    drained = await DrainedServer.start((_request, response) => response.end('served'), {
      stopListeningAt,
      hasSideDoor: true,
      lateRequests: 'serve',
    });
    const { port } = drained;
    const held = drained.hold('drain');
    void drained.shutdown();
    await held.begun;
    await eventually(() => !drained.server.listening);

    expect(await ask(host, port)).toBe('served');
  });
});
