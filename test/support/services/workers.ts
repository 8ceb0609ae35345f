import { expect } from '@jest/globals';
import { start, type Program } from '../process/program.js';
import type { ShutdownReport } from 'nestjs-drain';

/** A shutdown that has lost nothing, in the terms of `terminate`. */
export const CLEAN = { code: 0, status: 'completed', cuts: [] };

/** How a worker has ended. */
export interface Termination extends Pick<ShutdownReport, 'status' | 'cuts' | 'durationMs' | 'participants'> {
  readonly code: number | null;
  readonly output: string;
}

/** The workers of a spec: processes that run one of the fixtures, each with a plan. */
export class Workers<Plan extends object> {
  readonly #fixture: string;
  readonly #usual: () => Plan;
  readonly #started = new Set<Program>();

  /** @param usual the plan of a worker, unless a test has another one */
  constructor(fixture: string, usual: () => Plan) {
    this.#fixture = fixture;
    this.#usual = usual;
  }

  /** Starts one; returns when it is ready. */
  async start(plan: Partial<Plan> = {}, nest: 11 | 12 = 12): Promise<Program> {
    const program = start(this.#fixture, {
      env: { PLAN: JSON.stringify({ ...this.#usual(), ...plan }), NODE_ENV: 'production' },
      nest,
    });
    this.#started.add(program);
    await program.event('ready');
    return program;
  }

  /** The ids that workers have told of, in the order in which they were started. */
  told(event: 'begun' | 'done'): string[] {
    return Array.from(this.#started)
      .flatMap(({ events }) => events)
      .filter((e) => e.event === event)
      .map(({ id }) => String(id));
  }

  /** Waits until workers have told of all these. */
  async hear(event: 'begun' | 'done', ids: readonly string[]): Promise<void> {
    for (const wanted of ids) {
      await Promise.any(
        Array.from(this.#started, (program) => program.event(event, ({ id }) => id === wanted)),
      );
    }
  }

  /** Kills those that are left. */
  async end(): Promise<void> {
    await Promise.all(Array.from(this.#started, (program) => program[Symbol.asyncDispose]()));
    this.#started.clear();
  }
}

/** Ends a worker by SIGTERM. */
export async function terminate(program: Program): Promise<Termination> {
  program.signal('SIGTERM');
  return terminated(program);
}

/** Waits for the end of a worker. */
export async function terminated(program: Program): Promise<Termination> {
  const { code, output } = await program.exited;
  const { report } = await program.event('report');
  const { status, cuts, durationMs, participants } = report as ShutdownReport;
  return { code, status, cuts, durationMs, participants, output };
}

/** Has an operator drain a worker, or resume it, for the nth time. */
export async function toggle(
  program: Program,
  state: 'draining' | 'resumed',
  ordinal: number,
): Promise<void> {
  program.signal('SIGUSR2');
  await program.event(
    state,
    (event) => program.events.filter((e) => e.event === state)[ordinal - 1] === event,
  );
}

/** How often one of two workers is replaced; `RESTARTS=50 npm run test:services` for the figure. */
export function restartsOr(usual: number): number {
  return Number(process.env['RESTARTS'] ?? usual);
}

/**
 * Replaces one of two workers after the other, each while it works on what has just been sent.
 *
 * @param send returns the ids of what it has sent
 * @returns all these ids, and the workers that are left
 */
export async function replaceUnderLoad(
  restarts: number,
  startWorker: () => Promise<Program>,
  send: () => Promise<readonly string[]>,
): Promise<{ ids: string[]; running: Program[] }> {
  const ids: string[] = [];
  const running = [await startWorker(), await startWorker()];
  for (let restart = 0; restart < restarts; restart += 1) {
    const sent = await send();
    ids.push(...sent);
    const oldest = running.shift()!;
    await oldest.event('begun', ({ id }) => sent.includes(String(id)));
    const [end, replacement] = await Promise.all([terminate(oldest), startWorker()]);
    expect(end).toMatchObject(CLEAN);
    running.push(replacement);
  }
  return { ids, running };
}

/**
 * Has an operator drain a worker and resume it, twice: what is sent meanwhile is for another one.
 *
 * @param send sends so many; returns their ids
 * @returns the ids of what the worker has begun all the same
 */
export async function begunWhileDrained(
  startWorker: () => Promise<Program>,
  send: (count: number) => Promise<readonly string[]>,
): Promise<unknown[]> {
  const worker = await startWorker();
  for (const round of [1, 2]) {
    await toggle(worker, 'draining', round);
    const other = await startWorker();
    const ids = await send(4);
    for (const id of ids) await other.event('done', (event) => event['id'] === id);
    expect(await terminate(other)).toMatchObject(CLEAN);
    await toggle(worker, 'resumed', round);
  }
  const begun = worker.events.filter(({ event }) => event === 'begun').map(({ id }) => id);
  const [id] = await send(1);
  await worker.event('done', (event) => event['id'] === id);
  expect(await terminate(worker)).toMatchObject(CLEAN);
  return begun;
}
