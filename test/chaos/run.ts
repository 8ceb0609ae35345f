import { setTimeout as delay } from 'node:timers/promises';
import { start, type Program, type ProgramEvent, type ProgramExit } from '../support/process/program.js';
import { runClient, type RequestRecord } from './clients.js';
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
}

/** From the end of the grace period, which the last step cannot make longer. */
const KILL_AFTER_MS = 4_000;

/** Starts the application of a plan, loads it, does to it what the plan says, and watches it end. */
export async function observe(plan: ChaosPlan): Promise<Observation> {
  await using program = start('chaos/application', {
    env: { CHAOS: JSON.stringify(plan), NODE_ENV: 'production', NO_COLOR: '1' },
    nest: plan.nest,
  });
  const exited = program.exited.then((exit) => ({ ...exit, at: monotonicMs() }));
  const port = Number((await program.event('listening'))['port']);
  const over = new AbortController();
  const requests: RequestRecord[] = [];
  const clients = plan.clients.map((client, index) =>
    runClient(client, {
      name: String(index),
      port,
      over: over.signal,
      record: (request) => requests.push(request),
    }),
  );
  const steps: { does: Step['does']; at: number }[] = [];
  for (const { afterMs, does } of plan.steps) {
    await Promise.race([delay(afterMs), exited]);
    const at = monotonicMs();
    if (!(await take(does, program, port))) break;
    steps.push({ does, at });
  }
  let wasKilled = false;
  const killer = setTimeout(() => {
    wasKilled = true;
    program.signal('SIGKILL');
  }, plan.options.gracePeriodMs + KILL_AFTER_MS);
  const exit = await exited;
  clearTimeout(killer);
  over.abort();
  await Promise.all(clients);
  return { plan, steps, events: program.events, requests, exit, wasKilled };
}

/** @returns whether there was still somebody to do it to */
async function take(step: Step['does'], program: Program, port: number): Promise<boolean> {
  const signal = SIGNALS[step];
  try {
    if (signal) program.signal(signal);
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
