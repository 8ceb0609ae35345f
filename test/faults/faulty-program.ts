import { startApplication } from '../support/process/application.js';
import type { GracefulShutdownOptions, ShutdownReport } from 'nestjs-drain';
import type { FaultyPlan } from '../fixtures/faulty.js';
import type { Program } from '../support/process/program.js';

export const BUDGET = {
  gracePeriodMs: 1_500,
  releaseReserveMs: 500,
  participantTimeoutMs: 400,
  logProgress: false,
} as const satisfies GracefulShutdownOptions;

/** The promise: never later than the deadline and this. */
export const PROMISE_MS = 250;

/** What the watchdog leaves to a blocked event loop, beside that. */
export const WATCHDOG_MARGIN_MS = 250;

/** What a busy machine may take to deliver the signal, and to tell that the process is gone. */
export const SLACK_MS = 1_500;

/** What is known of a shutdown when it is over. */
export interface Aftermath {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  /** From the signal to the end of the process, as the parent sees it. */
  readonly tookMs: number;
  readonly report: ShutdownReport;
  /** The witnesses that ran. */
  readonly ran: readonly string[];
}

/** Starts the faulty application; it is up when this resolves. */
export async function startFaulty(
  plan: Omit<FaultyPlan, 'options'> & { readonly options?: GracefulShutdownOptions | undefined },
  nest: 11 | 12 = 12,
): Promise<{ readonly program: Program; readonly port: number }> {
  const options = { ...BUDGET, ...plan.options };
  const program = startApplication(
    {},
    {
      program: 'fixtures/faulty',
      nest,
      execArgv: ['--enable-source-maps'],
      env: { NODE_ENV: 'production', FAULTY: JSON.stringify({ ...plan, options }) },
    },
  );
  const { port } = await program.event('listening');
  return { program, port: Number(port) };
}

/** A request that is in flight when this resolves, and that is answered while the server drains. */
export async function startWork(
  program: Program,
  port: number,
): Promise<{ readonly answer: Promise<number | undefined> }> {
  const answer = fetch(`http://127.0.0.1:${port}/work`).then(
    async (response) => {
      await response.text();
      return response.status;
    },
    () => undefined,
  );
  await program.event('working');
  return { answer };
}

/** Sends SIGTERM, and waits until the process is gone. */
export async function shutDown(program: Program): Promise<Aftermath> {
  const from = performance.now();
  program.signal('SIGTERM');
  const gone = program.gone.then(() => performance.now() - from);
  const { code, signal, output } = await program.exited;
  const events = output
    .split('\n')
    .filter((line) => line.startsWith('{"event":'))
    .map((line) => JSON.parse(line) as { event: string; name?: string; report?: ShutdownReport });
  const reports = events.flatMap(({ report }) => report ?? []);
  if (reports.length !== 1) throw new Error(`${reports.length} reports instead of one\n${output}`);
  return {
    code,
    signal,
    output,
    tookMs: await gone,
    report: reports[0]!,
    ran: events.filter(({ event }) => event === 'ran').map(({ name }) => name!),
  };
}
