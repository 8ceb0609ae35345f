import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ShutdownPhase, ShutdownReport } from 'nestjs-drain';
import { LoadBalancer } from '#rehearsal/load/load-balancer.js';
import { openLoop } from '#rehearsal/load/open-loop.js';
import { sendRequest, type RequestPlan } from '#rehearsal/load/request.js';
import { Tally } from '#rehearsal/load/tally.js';
import { start, type Program, type ProgramExit } from '../../support/process/program.js';
import type { LiveProgress } from '#rehearsal/output/live-progress.js';
import { CONFIRMATION, MIX } from './mix.js';

/** The application with nestjs-drain, or the same on bare Nest. */
export type Mode = 'with' | 'without';

/** Everything that came out of a run; times are milliseconds since the SIGTERM. */
export interface DemoResult {
  readonly mode: Mode;
  readonly tally: Tally;
  readonly inFlightAtSignal: number;
  readonly sentAfterSignal: number;
  readonly jobs: { readonly accepted: number; readonly finished: number };
  readonly balancer: { readonly learntMs: number; readonly stoppedMs: number };
  readonly exit: ProgramExit;
  readonly exitMs: number;
  readonly report?: ShutdownReport;
}

export const PROBE_INTERVAL_MS = 150;
export const BALANCER_LAG_MS = 500;
const LOAD_BEFORE_SIGNAL_MS = 2_000;
const REQUEST_TIMEOUT_MS = 10_000;
const KILL_AFTER_MS = 15_000;
const PHASES: readonly ShutdownPhase[] = ['announce', 'quiesce', 'drain', 'release', 'flush'];

/** Starts the application, loads it, ends it by SIGTERM in the middle, and counts what its clients lost. */
export async function runDemo(mode: Mode, live: LiveProgress): Promise<DemoResult> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-drain-demo-'));
  const outbox = join(folder, 'outbox.txt');
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await using program = start(`examples/http-application/${mode === 'with' ? '' : 'without/'}main`, {
      env: { PORT: '0', NODE_ENV: 'production', NO_COLOR: '1', OUTBOX: outbox },
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        void program[Symbol.asyncDispose]()
          .then(removeFolder)
          .then(() => process.exit(1));
      });
    }
    return await drive(mode, program, outbox, live);
  } finally {
    await removeFolder();
  }
}

async function drive(mode: Mode, program: Program, outbox: string, live: LiveProgress): Promise<DemoResult> {
  const port = Number((await program.event('listening'))['port']);
  live.note(`listening on port ${port}, process ${program.pid}`);
  const tally = new Tally();
  const accepted = new Set<string>();
  // Every connection of the pool gets its turn, so that few of them are idle when the signal comes. They stay open
  // until the application closes them, as those of a proxy do.
  const agent = new Agent({ keepAlive: true, scheduling: 'fifo' });
  const send = async (plan: RequestPlan): Promise<void> => {
    tally.sent(plan);
    const result = await sendRequest(plan, { port, agent, timeoutMs: REQUEST_TIMEOUT_MS });
    tally.ended(result);
    if (plan.kind === CONFIRMATION && result.outcome === 'answered') accepted.add(orderOf(plan));
  };
  const balancer = new LoadBalancer({
    intervalMs: PROBE_INTERVAL_MS,
    lagMs: BALANCER_LAG_MS,
    ...(mode === 'with' && { readiness: new URL(`http://127.0.0.1:${port}/readyz`) }),
  });
  let stoppedAt = Infinity;
  balancer.outOfRotation.addEventListener('abort', () => (stoppedAt = performance.now()));
  const shown = show(live, program, tally);
  try {
    const load = openLoop(MIX, send, balancer.outOfRotation);
    await delay(LOAD_BEFORE_SIGNAL_MS);

    const atSignal = { sent: tally.count('sent'), inFlight: tally.inFlight };
    program.signal('SIGTERM');
    const signalledAt = performance.now();
    shown.step('SIGTERM');
    // Bare Nest has no readiness to lose. Kubernetes takes a deleted pod out of its endpoints anyway, so the
    // balancer learns of it at once: earlier than from a probe, and with the same lag.
    if (mode === 'without') balancer.remove();
    const killer = setTimeout(() => program.signal('SIGKILL'), KILL_AFTER_MS);
    const exit = await program.exited.finally(() => clearTimeout(killer));
    const exitMs = performance.now() - signalledAt;
    shown.step('ended', `the process has ended: ${exit.signal ?? `exit code ${exit.code}`}`);
    await load;

    const sent = await sentMails(outbox);
    const report = await program.event('finished').catch(() => undefined);
    return {
      mode,
      tally,
      inFlightAtSignal: atSignal.inFlight,
      sentAfterSignal: tally.count('sent') - atSignal.sent,
      jobs: { accepted: accepted.size, finished: [...accepted].filter((order) => sent.has(order)).length },
      balancer: {
        learntMs: (balancer.removedAt ?? Infinity) - signalledAt,
        stoppedMs: stoppedAt - signalledAt,
      },
      exit,
      exitMs,
      ...(report && { report: report['report'] as ShutdownReport }),
    };
  } finally {
    shown.end();
    balancer.close();
    agent.destroy();
  }
}

/** Shows counts as they change and steps as they are taken; returns what ends it. */
function show(
  live: LiveProgress,
  program: Program,
  tally: Tally,
): { step(name: string, text?: string): void; end(): void } {
  let current = 'running';
  const step = (name: string, text = name): void => {
    current = name;
    live.note(text);
  };
  for (const phase of PHASES) {
    program
      .event('phase-entered', (event) => event['phase'] === phase)
      .then(
        () => step(phase),
        () => undefined,
      );
  }
  const timer = setInterval(() => {
    const counts = [tally.count('sent'), tally.count('answered'), tally.inFlight, tally.lost];
    const [sent, answered, inFlight, lost] = counts.map((count) => String(count).padStart(4));
    live.update(
      `${current.padEnd(8)}  sent ${sent}  answered ${answered}  in flight ${inFlight}  lost ${lost}`,
    );
  }, live.intervalMs);
  return {
    step,
    end() {
      clearInterval(timer);
      live.clear();
    },
  };
}

function orderOf({ path }: RequestPlan): string {
  return path.split('/')[2] ?? '';
}

async function sentMails(outbox: string): Promise<ReadonlySet<string>> {
  return new Set((await readFile(outbox, 'utf8').catch(() => '')).split('\n'));
}
