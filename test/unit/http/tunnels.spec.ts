import { once } from 'node:events';
import { afterEach, expect, it } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { DrainedServer } from '../../support/http/drained-server.js';
import { eventually } from '../../support/http/eventually.js';
import type { Duplex } from 'node:stream';

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: test\r\n';

let drained: DrainedServer;

afterEach(() => drained.close());

async function start(): Promise<void> {
  drained = await DrainedServer.start(() => undefined, {
    tunnelTimes: () => ({ finishMs: 0, windowMs: 0, closeCode: 1012 }),
  });
}

it('sends a close frame to a WebSocket that no other participant ends', async () => {
  await start();
  new WebSocketServer({ server: drained.server });
  const client = new WebSocket(`ws://127.0.0.1:${drained.port}/`);
  await once(client, 'open');
  const closed = once(client, 'close');

  const report = await drained.shutdown();

  expect((await closed)[0]).toBe(1012);
  expect(report).toMatchObject({ status: 'completed', cuts: [] });
});

it('does not raise an error for writes to a tunnel that has ended', async () => {
  await start();
  const tunnels: Duplex[] = [];
  drained.server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    socket.resume().on('end', () => socket.write('one more thing'));
    tunnels.push(socket);
  });
  const client = await drained.connect();
  await client.get('/', UPGRADE).until('101');

  const report = await drained.shutdown();

  expect(report).toMatchObject({ status: 'completed', cuts: [] });
  expect(tunnels).toMatchObject([{ destroyed: true }]);
});

it('cuts and names a tunnel whose client does not end it', async () => {
  await start();
  drained.server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    socket.resume();
  });
  const client = await drained.connect();
  client.socket.allowHalfOpen = true;
  await client.get('/held', UPGRADE).until('101');

  const report = await drained.shutdown();

  expect(report.cuts).toMatchObject([{ kind: 'socket', name: 'tunnel /held (test)', phase: 'drain' }]);
});

it('sends no close frame before the handshake is answered', async () => {
  await start();
  drained.server.on('upgrade', (_request, socket) => socket.resume());
  const client = await drained.connect();
  client.get('/chat', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
  await eventually(() => drained.participant.statistics().upgraded === 1);

  const report = drained.shutdown();
  await client.ended;

  expect(client.received).toBe('');
  expect(await report).toMatchObject({ status: 'completed', cuts: [] });
});
