import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DrainedServer } from '../../support/http/drained-server.js';
import { eventually } from '../../support/http/eventually.js';
import { clientTls, serverTls } from '../../support/http/tls-with-shared-key.js';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AnyHttpServer } from '../../../src/http/any-http-server.js';

let directory: string;
let path: string;
let drained: DrainedServer;
const sockets: Socket[] = [];
const pending: ServerResponse[] = [];
const listener: RequestListener = (_request, response) => void pending.push(response);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pipes-'));
  path = join(directory, 'socket');
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  pending.length = 0;
  await drained.close();
  rmSync(directory, { recursive: true });
});

async function start(server: AnyHttpServer): Promise<void> {
  drained = await DrainedServer.start(server, { listens: false });
  drained.server.listen(path);
  await once(drained.server, 'listening');
}

/** A client that has connected and sent nothing. */
async function silent(): Promise<Socket> {
  const socket = net.connect(path).on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** A client whose handshake is over. */
async function secure(ALPNProtocols: string[] = []): Promise<tls.TLSSocket> {
  const socket = tls.connect({ path, ...clientTls, ALPNProtocols }).on('error', () => {});
  sockets.push(socket);
  await once(socket, 'secureConnect');
  return socket;
}

describe('on a Unix socket, where connections have no address, a server of HTTPS', () => {
  it('answers what is in flight, and ends handshakes that do not end', async () => {
    await start(https.createServer(serverTls, listener));
    const first = await silent();
    const client = await secure();
    const second = await silent();
    client.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    await eventually(() => pending.length === 1);
    const ended = Promise.all([first, second].map((socket) => once(socket.resume(), 'close')));

    expect(drained.participant.statistics()).toMatchObject({ open: 3, silent: 2, inFlight: 1 });
    const report = drained.shutdown();
    await drained.entered('drain');
    const answered = once(client, 'data');
    pending[0]!.end('done');

    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 200 /);
    await ended;
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    await eventually(() => drained.participant.statistics().open === 0);
  });

  it('does not hold the shutdown because of an HTTP/2 session', async () => {
    await start(http2.createSecureServer({ ...serverTls, allowHTTP1: true }, listener as never));
    await silent();
    await secure(['h2']);
    await eventually(() => drained.participant.statistics().open === 2);

    expect(await drained.shutdown()).toMatchObject({ status: 'completed', cuts: [] });
    await eventually(() => drained.participant.statistics().open === 0);
  });
});
