import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer } from './measured-server.js';
import type { Figure } from './figure.js';
import type { ServerPlan } from './server.js';

const BYTES = 20_000_000;
/** Reading begins when whoever does not wait for it has closed. */
const PAUSE_MS = 500;

/** 20 MB to a client that reads late, while the server shuts down. */
export async function measure(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const platform of ['express', 'fastify'] as const) {
    for (const mode of ['drain', 'bare'] as const) {
      const bytes = await deliver({ platform, mode });
      figures.push({
        what: `20 MB to a slow reader, ${platform}, ${mode}`,
        measured: `${(bytes / 1e6).toFixed(1)} of ${BYTES / 1e6} MB`,
        ...(mode === 'drain' && { promised: 'all of it', isKept: bytes === BYTES }),
      });
    }
  }
  return figures;
}

async function deliver(plan: Omit<ServerPlan, 'options'>): Promise<number> {
  await using server = await startServer({ ...plan, options: { announceDelayMs: 0 } });
  const client = net.connect(server.port, '127.0.0.1').on('error', () => undefined);
  await once(client, 'connect');
  const closed = once(client, 'close');
  client.pause().write('GET /big HTTP/1.1\r\nHost: bench\r\n\r\n');
  await server.program.event('big');
  server.program.signal('SIGTERM');
  await delay(PAUSE_MS);
  let received = '';
  client.setEncoding('latin1').on('data', (text: string) => (received += text));
  client.resume();
  await closed;
  return Math.max(0, received.length - received.indexOf('\r\n\r\n') - 4);
}
