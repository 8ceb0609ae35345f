import { openStreams } from './event-stream-clients.js';
import { startServer, type MeasuredServer } from './measured-server.js';
import type { Figure } from './figure.js';
import type { ServerPlan } from './server.js';
import type { ShutdownReport } from 'nestjs-drain';

const STREAMS = 5_000;
const WINDOW_MS = 4_000;
const SLICE_MS = 100;

/** Thousands of event streams in a process that shuts down, and when their clients would be back. */
export async function measure(): Promise<readonly Figure[]> {
  return [...(await shutDown('express')), ...(await shutDown('fastify')), ...(await memory())];
}

async function shutDown(platform: ServerPlan['platform']): Promise<readonly Figure[]> {
  const options = { gracePeriodMs: 20_000, announceDelayMs: 100, reconnectWindowMs: WINDOW_MS };
  await using server = await startServer({ platform, mode: 'drain', options });
  const clients = await openStreams(server.port, STREAMS);
  server.program.signal('SIGTERM');
  const ends = await Promise.all(clients.map(({ ended }) => ended));
  const { report } = (await server.program.event('report')) as unknown as { report: ShutdownReport };

  const clean = ends.filter(({ isClean }) => isClean).length;
  const { mean, most } = densityOf(ends.map(({ at, retryMs = 0 }) => at + retryMs));
  const drainMs = report.phases.find(({ phase }) => phase === 'drain')?.durationMs ?? Infinity;
  const what = `${STREAMS} event streams, ${platform}`;
  return [
    {
      what: `${what}: clean ends`,
      measured: `${clean}; report: ${report.status}, ${report.cuts.length} cuts`,
      promised: 'all',
      isKept: clean === STREAMS && report.status === 'completed',
    },
    {
      what: `${what}: reconnects`,
      measured: `in any ${SLICE_MS} ms at most ${most}, on average ${mean.toFixed(0)}: ${(most / mean).toFixed(2)} times`,
      promised: 'at most 3 times',
      isKept: most <= 3 * mean,
    },
    {
      what: `${what}: drain`,
      measured: `${drainMs.toFixed(0)} ms, with a window of ${WINDOW_MS} ms`,
      promised: 'at most the window and 1 s',
      isKept: drainMs <= WINDOW_MS + 1_000,
    },
  ];
}

/** How many instants there are in a slice of the time from the first to the last: on average, and at most. */
function densityOf(instants: readonly number[]): { readonly mean: number; readonly most: number } {
  const sorted = instants.toSorted((a, b) => a - b);
  const spanMs = sorted.at(-1)! - sorted[0]!;
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last += 1) {
    while (sorted[last]! - sorted[first]! > SLICE_MS) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return { mean: (sorted.length * SLICE_MS) / spanMs, most };
}

/** What an open stream costs, with this package and without. */
async function memory(): Promise<readonly Figure[]> {
  const [bare, draining] = [await memoryPerStream('bare'), await memoryPerStream('drain')];
  return [
    {
      what: 'memory per open event stream',
      measured:
        `${kilobytes(draining)}, bare Nest ${kilobytes(bare)}: ${(draining / bare).toFixed(2)} times; ` +
        `heap and buffers, Express`,
    },
  ];
}

async function memoryPerStream(mode: ServerPlan['mode']): Promise<number> {
  await using server = await startServer({ platform: 'express', mode }, ['--expose-gc']);
  // What the first ones cost is not theirs.
  const first = await openStreams(server.port, STREAMS / 10);
  const before = await memoryOf(server);
  const clients = await openStreams(server.port, STREAMS);
  const bytes = (await memoryOf(server)) - before;
  for (const { close } of [...first, ...clients]) close();
  return bytes / STREAMS;
}

async function memoryOf({ port }: MeasuredServer): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/memory`);
  return ((await response.json()) as { bytes: number }).bytes;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_024).toFixed(1)} kB`;
}
