import { setTimeout as delay } from 'node:timers/promises';
import { start, type Program, type ProgramEvent, type ProgramExit } from '../support/process/program.js';
import { runClient, type RequestRecord } from './clients.js';
import { LostTime } from './lost-time.js';
import { monotonicMs } from './monotonic.js';
import { DRAIN_KEY, type ChaosPlan, type Step } from './plan.js';

/** Everything that was seen of a run; instants are on the monotonic clock. */
export interface Observation {
  readonly plan: ChaosPlan;
  readonly steps: readonly { readonly does: Step['does']; readonly at: number }[];
  readonly events: readonly ProgramEvent[];
  readonly requests: readonly RequestRecord[];
  readonly exit: ProgramExit & { readonly at: number };
  /** Whether it had to be killed in the end. */
  readonly wasKilled: boolean;
  /** What a busy machine has taken between two instants, in milliseconds. */
  lostMs(this: void, from: number, to: number): number;
}

/** From the end of the grace period, which the last step cannot make longer. */
const KILL_AFTER_MS = 4_000;

/** Starts the application of a plan, loads it, does to it what the plan says, and watches it end. */
export async function observe(plan: ChaosPlan): Promise<Observation> {
  await using program = start(plan.cluster ? 'chaos/primary' : 'chaos/application', {
    env: {
      CHAOS: JSON.stringify(plan),
      NODE_ENV: 'production',
      NO_COLOR: '1',
      ...(plan.cluster && { NODE_CLUSTER_SCHED_POLICY: plan.cluster }),
    },
    nest: plan.nest,
    ipc: plan.cluster !== undefined,
  });
  const listening = await program.event('listening');
  const application = { port: Number(listening['port']), pid: Number(listening['pid']) };
  const exited = plan.cluster ? exitOfWorker(program) : exitOf(program);
  using lost = new LostTime([application.pid, ...(plan.cluster && program.pid ? [program.pid] : [])]);
  const over = new AbortController();
  const requests: RequestRecord[] = [];
  const clients = plan.clients.map((client, index) =>
    runClient(client, {
      name: String(index),
      port: application.port,
      over: over.signal,
      record: (request) => requests.push(request),
    }),
  );
  const steps: { does: Step['does']; at: number }[] = [];
  for (const { afterMs, does } of plan.steps) {
    await Promise.race([delay(afterMs), exited]);
    const at = monotonicMs();
    // A participant may have closed the port, or ended the process; what only has no port is still to be told to end.
    if (await take(does, application)) steps.push({ does, at });
  }
  let wasKilled = false;
  const killer = setTimeout(() => {
    wasKilled = true;
    process.kill(application.pid, 'SIGKILL');
  }, plan.options.gracePeriodMs + KILL_AFTER_MS);
  const exit = await exited;
  clearTimeout(killer);
  over.abort();
  await Promise.all(clients);
  if (plan.cluster) await endSibling(program);
  return {
    plan,
    steps,
    events: program.events,
    requests,
    exit,
    wasKilled,
    lostMs: (from, to) => lost.between(from, to),
  };
}

async function exitOf(program: Program): Promise<Observation['exit']> {
  const exit = await program.exited;
  return { ...exit, at: monotonicMs() };
}

async function exitOfWorker(primary: Program): Promise<Observation['exit']> {
  const { code, signal, at } = (await primary.event('worker-exit')) as unknown as Observation['exit'];
  return { code, signal, at, output: primary.output };
}

async function endSibling(primary: Program): Promise<void> {
  primary.send('end');
  await primary.exited;
}

/** @returns whether there was still somebody to do it to */
async function take(
  step: Step['does'],
  { port, pid }: { readonly port: number; readonly pid: number },
): Promise<boolean> {
  const signal = SIGNALS[step];
  try {
    if (signal) process.kill(pid, signal);
    else {
      await fetch(`http://127.0.0.1:${port}/drain`, {
        method: step === 'POST /drain' ? 'POST' : 'DELETE',
        headers: { authorization: `Bearer ${DRAIN_KEY}`, connection: 'close' },
      });
    }
    return true;
  } catch {
    // A participant of its own may have ended it.
    return false;
  }
}

// Nest's own enableShutdownHooks() takes SIGUSR2 and others for itself.
const SIGNALS: Partial<Record<Step['does'], NodeJS.Signals>> = {
  SIGTERM: 'SIGTERM',
  SIGINT: 'SIGINT',
  close: 'SIGIO',
  'break down': 'SIGPWR',
};
