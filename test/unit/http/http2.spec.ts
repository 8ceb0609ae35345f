import { afterEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import http2, {
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type Http2ServerResponse,
} from 'node:http2';
import type { Server } from 'node:http';
import { DrainedServer } from '../../support/http/drained-server.js';
import { eventually } from '../../support/http/eventually.js';

let drained: DrainedServer;
let session: ClientHttp2Session;

/** The status of the answer, when it comes. */
async function ask(path: string): Promise<number | undefined> {
  const stream = session.request({ ':path': path });
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status'?: number }];
  stream.resume();
  await once(stream, 'end');
  return headers[':status'];
}

afterEach(async () => {
  session.destroy();
  await drained.close();
});

it('a server that speaks HTTP/2 comes through a shutdown: streams that arrive are waited for, late ones refused', async () => {
  const pending: Http2ServerResponse[] = [];
  const server = http2.createServer((request, response) => {
    if (request.url === '/held') pending.push(response);
    else response.end('served');
  });
  drained = await DrainedServer.start(server as unknown as Server);
  session = http2.connect(`http://127.0.0.1:${drained.port}`).on('error', () => {});
  const announcing = drained.hold('announce');
  const quiescing = drained.hold('quiesce');
  const report = drained.shutdown();
  await announcing.begun;
  const held = ask('/held');
  await eventually(() => pending.length === 1);
  const served = await ask('/');
  announcing.release();
  await quiescing.begun;
  const late = await ask('/');
  quiescing.release();
  await drained.entered('drain');

  pending[0]!.end('done');

  expect([served, late, await held]).toEqual([200, 503, 200]);
  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});
