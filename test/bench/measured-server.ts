import { execFileSync } from 'node:child_process';
import { start, type Program } from '../support/process/program.js';
import type { ServerPlan } from './server.js';

/** A server under measurement. */
export interface MeasuredServer extends AsyncDisposable {
  readonly program: Program;
  readonly port: number;
}

/** Node, which optimises code as in production; the programs of tests do without. */
export const OPTIMISING = [process.execPath, '--enable-source-maps'];

/** Starts it, on core 0 where the system lets processes be pinned. */
export async function startServer(
  plan: ServerPlan,
  execArgv: readonly string[] = [],
): Promise<MeasuredServer> {
  const program = start('bench/server', {
    runtime: OPTIMISING,
    execArgv,
    env: { PLAN: JSON.stringify(plan), NODE_ENV: 'production', NO_COLOR: '1' },
  });
  pin(program.pid!, 0);
  const { port } = await program.event('listening');
  return { program, port: Number(port), [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

/** Keeps a process on one core, so that the server and its load do not take each other's time. */
export function pin(pid: number, core: number): void {
  try {
    execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
  } catch {
    // One core, or another system: the numbers have more noise.
  }
}
