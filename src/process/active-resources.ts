import { Socket } from 'node:net';
import { WriteStream } from 'node:tty';
import type { ActiveResources } from '../core/report.js';

/**
 * Counts, by kind, what currently keeps the event loop alive, except stdout and stderr.
 *
 * The kinds are those of https://nodejs.org/api/process.html#processgetactiveresourcesinfo.
 */
export function countActiveResources(): ActiveResources {
  const counts = new Map<string, number>();
  const add = (kind: string, by: number): unknown => counts.set(kind, (counts.get(kind) ?? 0) + by);
  // Accessing a stream may open it, so do that before counting.
  const streams = [process.stdout, process.stderr].flatMap(kindOf);
  for (const kind of process.getActiveResourcesInfo()) add(kind, 1);
  for (const kind of streams) add(kind, -1);
  return Object.fromEntries([...counts].filter(([, count]) => count > 0));
}

/** Returns the kind of an open terminal or pipe; files are not in Node's list. */
function kindOf(stream: object): string[] {
  if (!(stream instanceof Socket) || stream.destroyed) return [];
  return [stream instanceof WriteStream ? 'TTYWrap' : 'PipeWrap'];
}
