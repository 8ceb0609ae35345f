import { KeepAliveLoad } from './keep-alive-load.js';
import { startServer } from './measured-server.js';
import type { Figure } from './figure.js';

const COUNTS = [2_500, 5_000, 10_000];
const PROMISED_MS = 1_000;

/** Idle keep-alive connections: from the end of announcing to the exit. */
export async function measure(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const count of COUNTS) {
    const ms = await exitWith(count);
    figures.push({
      what: `${count} idle connections`,
      measured: `${ms.toFixed(0)} ms to the exit, ${((ms * 1_000) / count).toFixed(0)} µs each`,
      ...(count === COUNTS.at(-1) && { promised: `within ${PROMISED_MS} ms`, isKept: ms <= PROMISED_MS }),
    });
  }
  return figures;
}

async function exitWith(connections: number): Promise<number> {
  await using server = await startServer({
    platform: 'express',
    mode: 'drain',
    options: { announceDelayMs: 200 },
  });
  const load = await KeepAliveLoad.connect(server.port, connections, '/quick');
  await load.send(connections);
  server.program.signal('SIGTERM');
  const { at } = await server.program.event('phase', ({ phase }) => phase === 'quiesce');
  await server.program.exited;
  const ms = Date.now() - Number(at);
  load.close();
  return ms;
}
