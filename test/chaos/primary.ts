import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { tell } from '../support/process/tell.js';
import { monotonicMs } from './monotonic.js';
import type { ChaosPlan } from './plan.js';

/**
 * The primary of a cluster with two workers. One runs the plan, and is all that the checker sees: its output goes to the
 * same pipe. The other, its sibling, shares the port, is told nothing and lives until the primary gets the message `end`.
 */
const plan = JSON.parse(process.env['CHAOS'] ?? '{}') as ChaosPlan;
const { sabotage: _, ...unbroken } = plan;

const sibling = fork({ ...unbroken, providers: [], participants: [] }, 'ignore');
sibling.once('exit', (code, signal) => tell('sibling-exit', { code, signal }));
// The plan begins when its worker listens: by then there is a sibling to leave the port to.
sibling.once('listening', () => {
  const worker = fork(plan, 'inherit');
  worker.once('exit', (code, signal) => tell('worker-exit', { at: monotonicMs(), code, signal }));
});

process.once('message', () => {
  sibling.process.kill('SIGKILL');
  process.exit();
});

function fork(its: ChaosPlan, stdout: 'inherit' | 'ignore'): Worker {
  const exec = fileURLToPath(new URL('application.js', import.meta.url));
  cluster.setupPrimary({ exec, stdio: ['ignore', stdout, 'inherit', 'ipc'] });
  return cluster.fork({ CHAOS: JSON.stringify(its) });
}
