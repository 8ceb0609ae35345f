import { Socket } from 'node:net';
import { WriteStream } from 'node:tty';
import type { ActiveResources } from '../core/report.js';

/**
 * Counts, by kind, what keeps the event loop alive at this moment, but for stdout and stderr.
 *
 * The kinds are those of https://nodejs.org/api/process.html#processgetactiveresourcesinfo.
 */
export function countActiveResources(): ActiveResources {
  const counts = new Map<string, number>();
  const add = (kind: string, by: number): unknown => counts.set(kind, (counts.get(kind) ?? 0) + by);
  // Asking for a stream may open it: that comes before counting.
  const streams = [process.stdout, process.stderr].flatMap(kindOf);
  for (const kind of process.getActiveResourcesInfo()) add(kind, 1);
  for (const kind of streams) add(kind, -1);
  return Object.fromEntries([...counts].filter(([, count]) => count > 0));
}

/** How an open terminal or pipe is called there; a file is not in the list. */
function kindOf(stream: object): string[] {
  if (!(stream instanceof Socket) || stream.destroyed) return [];
  return [stream instanceof WriteStream ? 'TTYWrap' : 'PipeWrap'];
}
