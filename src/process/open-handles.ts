import { ChildProcess } from 'node:child_process';
import { Server, Socket } from 'node:net';
import { activeHandles } from './active-handles.js';
import { isObject } from '../util/foreign.js';
import type { ProbeCheck } from '../util/probe.js';

/** How many handles of a kind are named. */
const MOST_NAMES = 3;

/** Returns the names of the handles that keep the process alive, by kind, as far as they say what they are. */
export function openHandles(probes: ProbeCheck): Readonly<Record<string, readonly string[]>> {
  const names: Record<string, string[]> = {};
  for (const handle of activeHandles(probes)) {
    const [kind, name] = describe(handle) ?? [];
    if (kind === undefined || name === undefined) continue;
    const known = (names[kind] ??= []);
    if (known.length < MOST_NAMES && !known.includes(name)) known.push(name);
  }
  return names;
}

function describe(handle: object): [kind: string, name: string] | undefined {
  if (handle instanceof ChildProcess) return ['ProcessWrap', `child process ${handle.pid}`];
  if (handle instanceof Server) {
    const address = handle.address();
    return isObject(address) ? ['TCPServerWrap', `port ${address.port}`] : ['PipeWrap', String(address)];
  }
  if (handle instanceof Socket && handle.remoteAddress !== undefined) {
    const { remoteAddress, remotePort, localPort } = handle;
    return ['TCPSocketWrap', `from port ${localPort} to ${remoteAddress}:${remotePort}`];
  }
  return undefined;
}
