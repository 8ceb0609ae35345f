import { afterEach, describe, expect, it } from '@jest/globals';
import type { RequestListener } from 'node:http';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { DrainedServer } from '../../support/http/drained-server.js';
import { eventually } from '../../support/http/eventually.js';

let drained: DrainedServer;

const listener: RequestListener = (request, response) => {
  request.resume().once('end', () => response.end('served'));
};

afterEach(() => drained.close());

describe.each(['announce', 'quiesce'] as const)('in %s, a client that sends', (phase) => {
  it.each([
    ['something that is not HTTP', 'hello\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    [
      'a header that is too large',
      `GET / HTTP/1.1\r\nHost: test\r\nX: ${'x'.repeat(64 * 1024)}\r\n\r\n`,
      431,
    ],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx', 400],
    ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['an invalid chunk', 'POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n', 400],
  ])('%s is told off by Node, and holds up nothing', async (_what, text, status) => {
    drained = await DrainedServer.start(listener, { clock: new ManualClock() });
    const held = drained.hold(phase);
    const report = drained.shutdown();
    await held.begun;
    const client = await drained.connect();

    await client.send(text).ended;
    held.release();

    expect(client.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });
});

describe('a client that resets its connection', () => {
  it('when its late request for an upgrade is refused, has no effect on others', async () => {
    drained = await DrainedServer.start(listener);
    drained.server.on('upgrade', () => {});
    const held = drained.hold('quiesce');
    const report = drained.shutdown();
    await held.begun;
    const client = await drained.connect();

    client.get('/', 'Connection: Upgrade\r\nUpgrade: test\r\n').socket.resetAndDestroy();
    await eventually(() => drained.participant.statistics().open === 0);
    held.release();

    expect((await report).status).toBe('completed');
  });

  it('before the application has received its request, causes no work', async () => {
    const paths: (string | undefined)[] = [];
    drained = await DrainedServer.start((request, response) => {
      paths.push(request.url);
      response.end();
    });
    const held = drained.hold('announce');
    void drained.shutdown();
    await held.begun;
    drained.server.once('connection', (socket) => socket.once('data', () => socket.destroy()));
    const client = await drained.connect();

    await client.get('/gone').ended;
    await (await drained.connect()).get('/here').ended;

    expect(paths).toEqual(['/here']);
  });
});

describe('a client that pipelines requests without end', () => {
  it.each(['/', '/healthz'])(
    'gets an answer to some for %s, is told which is the last one, and is read no further',
    async (path) => {
      const reached: (string | undefined)[] = [];
      drained = await DrainedServer.start((request, response) => {
        reached.push(request.url);
        response.end('served');
      });
      const held = drained.hold('announce');
      const report = drained.shutdown();
      await held.begun;
      const client = await drained.connect();

      const { received } = await client.send(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`.repeat(20_000))
        .ended;
      held.release();

      expect(received.match(/Connection: close/g)).toHaveLength(1);
      expect(client.responses.at(-1)?.headers).toMatchObject({ connection: 'close' });
      expect(reached).toHaveLength(client.responses.length);
      expect(reached.length).toBeLessThan(1_000);
      expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    },
  );
});
