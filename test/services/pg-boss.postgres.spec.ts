import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import PgBoss from 'pg-boss';
import { start } from '../support/process/program.js';
import { Postgres } from '../support/services/postgres.js';
import { until } from '../support/services/until.js';
import type { PgBossPlan } from '../fixtures/pg-boss-main.js';
import type { Program } from '../support/process/program.js';
import type { ShutdownReport } from 'nestjs-drain';

/** How often one of two workers is replaced; `RESTARTS=50 npm run test:services` for the figure. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 3);
const JOBS_PER_RESTART = 12;

let server: Postgres;
let boss: PgBoss;
const started = new Set<Program>();

beforeAll(async () => {
  server = await Postgres.create();
  boss = new PgBoss({ connectionString: server.url, max: 2, supervise: false, schedule: false });
  await boss.start();
  await boss.createQueue('orders');
}, 60_000);

beforeEach(async () => {
  await boss.purgeQueue('orders');
});

afterEach(async () => {
  await Promise.all(Array.from(started, (program) => program[Symbol.asyncDispose]()));
  started.clear();
});

afterAll(async () => {
  await boss.stop({ graceful: false });
  await server[Symbol.asyncDispose]();
});

async function startWorker(plan: Partial<PgBossPlan> = {}): Promise<Program> {
  const whole: PgBossPlan = { url: server.url, gracePeriodMs: 20_000, hangs: false, ...plan };
  const program = start('fixtures/pg-boss-main', {
    env: { PLAN: JSON.stringify(whole), NODE_ENV: 'production' },
  });
  started.add(program);
  await program.event('ready');
  return program;
}

async function terminate(
  program: Program,
): Promise<{ code: number | null; report: ShutdownReport; output: string }> {
  program.signal('SIGTERM');
  const { code, output } = await program.exited;
  const { report } = await program.event('report');
  return { code, report: report as ShutdownReport, output };
}

/** Puts so many jobs into the queue; returns their ids. */
async function send(count: number, ms: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    ids.push(String(await boss.send('orders', { ms }, { retryLimit: 0 })));
  }
  return ids;
}

/** Waits until a job is in that state. */
async function inState(id: string, state: string): Promise<void> {
  await until(
    () => boss.getJobById('orders', id),
    (job) => job?.state === state,
  );
}

/** The ids that workers have told of. */
function told(event: 'begun' | 'done'): string[] {
  return Array.from(started)
    .flatMap(({ events }) => events)
    .filter((e) => e.event === event)
    .map(({ id }) => String(id));
}

/** Waits for the nth event of a name. */
async function nth(program: Program, name: string, ordinal: number): Promise<void> {
  await program.event(name, (event) => program.events.filter((e) => e.event === name)[ordinal - 1] === event);
}

describe('workers of pg-boss', () => {
  it(
    'lose no job and run none twice while one after the other is replaced',
    async () => {
      const ids: string[] = [];
      const running = [await startWorker(), await startWorker()];
      for (let restart = 0; restart < RESTARTS; restart += 1) {
        const jobs = await send(JOBS_PER_RESTART, 200);
        ids.push(...jobs);
        const oldest = running.shift()!;
        await oldest.event('begun', ({ id }) => jobs.includes(String(id)));
        const [{ code, report }, replacement] = await Promise.all([terminate(oldest), startWorker()]);
        expect({ code, status: report.status }).toEqual({ code: 0, status: 'completed' });
        running.push(replacement);
      }
      for (const id of ids) await inState(id, 'completed');
      for (const program of running) expect((await terminate(program)).code).toBe(0);
      expect(told('done').toSorted()).toEqual(ids.toSorted());
      expect(told('begun').toSorted()).toEqual(ids.toSorted());
    },
    60_000 + RESTARTS * 5_000,
  );

  it('fetch nothing from the announcement on, and go on when it is undone, as often as that happens', async () => {
    const worker = await startWorker();
    for (const round of [1, 2]) {
      worker.signal('SIGUSR2');
      await nth(worker, 'draining', round);
      const other = await startWorker();
      const ids = await send(4, 0);
      for (const id of ids) await other.event('done', (event) => event['id'] === id);
      expect((await terminate(other)).code).toBe(0);
      worker.signal('SIGUSR2');
      await nth(worker, 'resumed', round);
    }
    expect(worker.events.filter(({ event }) => event === 'begun')).toEqual([]);
    const [id] = await send(1, 0);
    await worker.event('done', (event) => event['id'] === id);
    expect((await terminate(worker)).code).toBe(0);
  });

  it('finish the jobs that they have', async () => {
    const worker = await startWorker();
    const ids = await send(2, 1_000);
    await worker.event('begun');
    const { code, report } = await terminate(worker);
    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
    for (const id of told('begun')) await inState(id, 'completed');
    expect(ids).toEqual(expect.arrayContaining(told('begun')));
    expect(told('done').toSorted()).toEqual(told('begun').toSorted());
  });

  it('hand back at the end of the drain what has not finished, and another one takes it at once', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 4_000 });
    const [id = ''] = await send(1, 0);
    await hanging.event('begun');
    const { code, report, output } = await terminate(hanging);
    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
    expect(output).toContain(`job ${id} of orders was handed back: another worker takes it`);
    expect(await boss.getJobById('orders', id)).toMatchObject({ state: 'created', retryCount: 0 });
    const other = await startWorker();
    await other.event('done', (event) => event['id'] === id);
    expect((await terminate(other)).code).toBe(0);
    await inState(id, 'completed');
  });

  it('have what cannot be handed back named as cut, and end in time, when PostgreSQL hangs', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 });
    const [id = ''] = await send(1, 0);
    await hanging.event('begun');
    server.freeze();
    const { code, report } = await terminate(hanging);
    server.thaw();
    expect(code).not.toBe(0);
    expect(report.status).not.toBe('completed');
    expect(report.cuts).toContainEqual(
      expect.objectContaining({ kind: 'job', name: `${id} of orders`, phase: 'drain' }),
    );
    expect(report.durationMs).toBeLessThan(3_500);
  });
});
