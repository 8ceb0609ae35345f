import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Program } from './program.js';

/** Runs a command as PID 1 in a PID namespace of its own; for `StartOptions.under`. */
export const AS_PID_1 = [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
] as const;

/** @throws when this machine cannot run programs so; the message says what it lacks */
export function requirePidNamespaces(): void {
  const [command, ...args] = AS_PID_1;
  const { status, stderr, error } = spawnSync(command, [...args, 'true'], { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(
    `these tests run programs as PID 1, which does not work here: ${error?.message ?? stderr.trim()}. ` +
      'They need Linux, the command unshare (apt-get install util-linux), and either root or user namespaces ' +
      '(sysctl -w kernel.unprivileged_userns_clone=1); in Docker: --cap-add SYS_ADMIN --security-opt seccomp=unconfined.',
  );
}

/** Sends a signal to PID 1 of a namespace, as a container runtime does: from outside. */
export function signalPid1({ pid, output }: Program, signal: NodeJS.Signals): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  if (!/^\d+$/.test(children))
    throw new Error(`there is no single PID 1 to signal: "${children}"\n${output}`);
  process.kill(Number(children), signal);
}
