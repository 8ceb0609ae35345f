import { readFileSync } from 'node:fs';
import type { Program } from './program.js';

/** Sends a signal to PID 1 of a namespace, as a container runtime does: from outside. */
export function signalPid1({ pid, output }: Program, signal: NodeJS.Signals): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  if (!/^\d+$/.test(children))
    throw new Error(`there is no single PID 1 to signal: "${children}"\n${output}`);
  process.kill(Number(children), signal);
}
