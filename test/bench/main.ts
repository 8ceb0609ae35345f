import { printFigures, type Figure } from './figure.js';

/** In the order in which they are run. */
const BENCHMARKS: Readonly<Record<string, () => Promise<{ measure(): Promise<readonly Figure[]> }>>> = {
  'steady-state': () => import('./steady-state.js'),
  tracking: () => import('./tracking.js'),
  metrics: () => import('./metrics.js'),
  report: () => import('./report.js'),
  resources: () => import('./resources.js'),
  'exit-time': () => import('./exit-time.js'),
  deadline: () => import('./deadline.js'),
  'close-time': () => import('./close-time.js'),
  'many-hooks': () => import('./many-hooks.js'),
  restarts: () => import('./restarts.js'),
  flaps: () => import('./flaps.js'),
  'slow-reader': () => import('./slow-reader.js'),
  backlog: () => import('./backlog.js'),
  tasks: () => import('./tasks.js'),
  'task-restarts': () => import('./task-restarts.js'),
  'idle-connections': () => import('./idle-connections.js'),
  websockets: () => import('./websockets.js'),
  'event-streams': () => import('./event-streams.js'),
  messages: () => import('./messages.js'),
  microservices: () => import('./microservices.js'),
  scale: () => import('./scale.js'),
  rehearsal: () => import('./rehearsal.js'),
  'first-hour': () => import('./first-hour.js'),
  peers: () => import('./peers.js'),
};

/** Not run without arguments: they install packages, and `peers` takes more than an hour and writes into the documentation. */
const ONLY_BY_NAME = ['first-hour', 'peers'];

const all = Object.keys(BENCHMARKS).filter((name) => !ONLY_BY_NAME.includes(name));
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all;
const unknown = wanted.filter((name) => !(name in BENCHMARKS));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}`);
  process.exit(2);
}

console.log(`Node ${process.version}`);
let areAllKept = true;
for (const name of wanted) {
  console.log(`\n${name}`);
  const benchmark = await BENCHMARKS[name]!();
  areAllKept = printFigures(await benchmark.measure()) && areAllKept;
}
process.exitCode = areAllKept ? 0 : 1;
