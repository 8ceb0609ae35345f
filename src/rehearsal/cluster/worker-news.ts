/** The variable that says where news of workers is written. */
const FILE = 'NESTJS_DRAIN_WORKER_NEWS';

/** Something that happened to a worker, as its primary process has it. */
export interface WorkerNews {
  readonly event: 'fork' | 'listening' | 'exit';
  /** Process id of the primary. */
  readonly primary: number;
  /** What `node:cluster` calls the worker. */
  readonly id: number;
  readonly pid: number;
  /** Of `listening`. */
  readonly port?: number;
  /** Of `exit`. */
  readonly code?: number | null;
  readonly signal?: NodeJS.Signals | null;
}

/**
 * What a primary process loads before its own code: a line of JSON for each event of a worker. It is text, because it
 * has to be a file of its own wherever this package was bundled to.
 *
 * It looks at `node:cluster` no earlier than when a process is started: the module reads the scheduling policy from the
 * environment as it is loaded, and the primary may set that.
 */
export const TELL_OF_WORKERS = String.raw`'use strict';
const { subscribe } = require('node:diagnostics_channel');
const { appendFileSync } = require('node:fs');
const file = process.env.${FILE};
let isWatching = false;

if (file !== undefined) subscribe('child_process', watchOnce);

function watchOnce() {
  if (isWatching) return;
  isWatching = true;
  const cluster = require('node:cluster');
  // PM2 sets it to 0 at the end of a worker.
  const pids = new Map();
  const tell = (event, { id }, more) => {
    const news = { event, primary: process.pid, id, pid: pids.get(id), ...more };
    try {
      appendFileSync(file, JSON.stringify(news) + '\n');
    } catch {
      // The rehearsal is over.
    }
  };
  cluster.on('fork', (worker) => {
    pids.set(worker.id, worker.process.pid);
    tell('fork', worker);
  });
  cluster.on('listening', (worker, { port }) => tell('listening', worker, { port }));
  cluster.on('exit', (worker, code, signal) => tell('exit', worker, { code, signal }));
}
`;

/**
 * The environment in which a primary process tells of its workers: `script` has {@link TELL_OF_WORKERS}, `file` gets the lines.
 *
 * @param options what `NODE_OPTIONS` has otherwise
 */
export function environmentFor(
  script: string,
  file: string,
  options = process.env['NODE_OPTIONS'] ?? '',
): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `${options} --require ${JSON.stringify(script)}`.trim(), [FILE]: file };
}
