import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Bull from 'bull';
import { Redis } from 'ioredis';
import { start } from '../support/process/program.js';
import { RedisServer } from '../support/services/redis.js';
import { until } from '../support/services/until.js';
import type { BullPlan } from '../fixtures/bull-main.js';
import type { Program } from '../support/process/program.js';
import type { ShutdownReport } from 'nestjs-drain';

/** How often one of two workers is replaced; `RESTARTS=50 npm run test:services` for the figure. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 4);
const JOBS_PER_RESTART = 60;

let server: RedisServer;
let redis: Redis;
let orders: Bull.Queue;
let reports: Bull.Queue;
const started = new Set<Program>();

beforeAll(async () => {
  server = await RedisServer.create();
  redis = new Redis(server.url);
});

beforeEach(async () => {
  await redis.flushall();
  const options = { redis: { host: '127.0.0.1', port: server.port } };
  [orders, reports] = [new Bull('orders', options), new Bull('reports', options)];
});

afterEach(async () => {
  await Promise.all(Array.from(started, (program) => program[Symbol.asyncDispose]()));
  started.clear();
  await Promise.all([orders.close(), reports.close()]);
});

afterAll(async () => {
  await redis.quit();
  await server[Symbol.asyncDispose]();
});

async function startWorker(plan: Partial<BullPlan> = {}, nest: 11 | 12 = 12): Promise<Program> {
  const whole: BullPlan = {
    redis: { host: '127.0.0.1', port: server.port },
    gracePeriodMs: 20_000,
    announceDelayMs: 0,
    hangs: false,
    ...plan,
  };
  const program = start('fixtures/bull-main', {
    env: { PLAN: JSON.stringify(whole), NODE_ENV: 'production' },
    nest,
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

/** Waits for so many ends of jobs. */
function done(count: number): Promise<string[]> {
  return until(
    () => redis.lrange('done', 0, -1),
    ({ length }) => length >= count,
  );
}

/** Waits for the nth event of a name. */
async function nth(program: Program, name: string, ordinal: number): Promise<void> {
  await program.event(name, (event) => program.events.filter((e) => e.event === name)[ordinal - 1] === event);
}

/** The child process that works on a sandboxed job: the processor logs its id. */
async function pidOf(job: Bull.Job): Promise<number> {
  const { logs } = await until(
    () => reports.getJobLogs(job.id),
    ({ count }) => count > 0,
  );
  return Number(logs[0]);
}

/** Waits until so many workers of `orders` wait for jobs. */
async function fetching(count: number): Promise<void> {
  await server.seen((clients) => clients.filter(isFetching).length === count);
}

function isFetching({ cmd, name }: Readonly<Record<string, string>>): boolean {
  return cmd === 'brpoplpush' && name === orders.clientName().replace(/=+$/, '');
}

const NOTHING_LEFT = { active: 0, waiting: 0, failed: 0, paused: 0, delayed: 0 };

describe.each([12, 11] as const)('queues of Bull on Nest %i', (nest) => {
  it(
    'lose no job and run none twice while one worker after the other is replaced',
    async () => {
      const stalled: unknown[] = [];
      orders.on('global:stalled', (id) => stalled.push(id));
      const ids: string[] = [];
      const running = [await startWorker({}, nest), await startWorker({}, nest)];
      for (let restart = 0; restart < RESTARTS; restart += 1) {
        const jobs = await orders.addBulk(
          Array.from({ length: JOBS_PER_RESTART }, (_, index) => ({ data: { ms: index % 40 } })),
        );
        ids.push(...jobs.map(({ id }) => String(id)));
        const oldest = running.shift()!;
        await oldest.event('begun', ({ job }) => jobs.some(({ id }) => String(id) === job));
        const [{ code, report }, replacement] = await Promise.all([terminate(oldest), startWorker({}, nest)]);
        expect({ code, status: report.status }).toEqual({ code: 0, status: 'completed' });
        running.push(replacement);
      }
      expect((await done(ids.length)).toSorted()).toEqual(ids.toSorted());
      expect((await redis.lrange('begun', 0, -1)).toSorted()).toEqual(ids.toSorted());
      expect(stalled).toEqual([]);
      for (const program of running) expect((await terminate(program)).code).toBe(0);
      expect(await orders.getJobCounts()).toEqual({ ...NOTHING_LEFT, completed: ids.length });
    },
    30_000 + RESTARTS * 5_000,
  );

  it('stop fetching at the announcement, in this process only, and go on when it is undone, as often as that happens', async () => {
    const worker = await startWorker({}, nest);
    for (const round of [1, 2]) {
      await fetching(1);
      worker.signal('SIGUSR2');
      await nth(worker, 'draining', round);
      await fetching(0);
      const job = await orders.add({ ms: 0 });
      const other = await startWorker({}, nest);
      await other.event('begun', ({ job: id }) => id === String(job.id));
      await done(round);
      expect((await terminate(other)).code).toBe(0);
      worker.signal('SIGUSR2');
      await nth(worker, 'resumed', round);
    }
    expect(worker.events.filter(({ event }) => event === 'begun')).toEqual([]);
    await orders.add({ ms: 0 });
    await done(3);
    expect((await terminate(worker)).code).toBe(0);
  });

  it('finish the jobs that they have, and take no other', async () => {
    const worker = await startWorker({}, nest);
    const jobs = await orders.addBulk(Array.from({ length: 6 }, () => ({ data: { ms: 500 } })));
    for (const { id } of jobs.slice(0, 4)) await worker.event('begun', ({ job }) => job === String(id));
    const { code, report } = await terminate(worker);
    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
    expect((await redis.lrange('done', 0, -1)).toSorted()).toEqual(['1', '2', '3', '4']);
    expect(await orders.getJobCounts()).toEqual({ ...NOTHING_LEFT, waiting: 2, completed: 4 });
  });

  it('hand back at the end of the drain what has not finished, and another one takes it at once', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 }, nest);
    const job = await orders.add({ ms: 0 });
    const sandboxed = await reports.add({ ms: 3_600_000 });
    await hanging.event('begun', ({ job: id }) => id === String(job.id));
    const child = await pidOf(sandboxed);
    const { code, report, output } = await terminate(hanging);
    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
    expect(output).toContain(`job ${job.id} of orders was handed back: another worker takes it`);
    expect(output).toContain(`job ${sandboxed.id} of reports was handed back: another worker takes it`);
    expect(existsSync(`/proc/${child}`)).toBe(false);
    expect(await reports.getJobCounts()).toEqual({ ...NOTHING_LEFT, waiting: 1, completed: 0 });
    expect(await reports.getJob(sandboxed.id)).toMatchObject({ attemptsMade: 0 });
    await reports.empty();
    const other = await startWorker({}, nest);
    expect(await done(1)).toEqual([String(job.id)]);
    expect((await terminate(other)).code).toBe(0);
    expect(await orders.getJob(job.id)).toMatchObject({ attemptsMade: 0, returnvalue: `order ${job.id}` });
  });

  it('let sandboxed processors finish, and leave no child process behind', async () => {
    const worker = await startWorker({}, nest);
    const job = await reports.add({ ms: 1_000 });
    const child = await pidOf(job);
    expect((await terminate(worker)).code).toBe(0);
    expect(await reports.getJob(job.id)).toMatchObject({ returnvalue: child });
    expect(existsSync(`/proc/${child}`)).toBe(false);
  });

  it('do the jobs that a request waits for, which was accepted before the shutdown or after its announcement', async () => {
    const worker = await startWorker({ announceDelayMs: 3_000 }, nest);
    const { url } = await worker.event('ready');
    const ask = (): Promise<Response> => fetch(`${String(url)}/receipts`, { method: 'POST' });
    await fetching(1);
    worker.signal('SIGUSR2');
    await nth(worker, 'draining', 1);
    await fetching(0);
    expect(await (await ask()).text()).toBe('order 1');
    await fetching(0);
    worker.signal('SIGUSR2');
    await nth(worker, 'resumed', 1);
    const ending = terminate(worker);
    await fetching(0);
    expect(await (await ask()).text()).toBe('order 2');
    expect(await ending).toMatchObject({ code: 0, report: { status: 'completed' } });
  });

  it('have what cannot be handed back named as cut, and end in time, when Redis hangs', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 }, nest);
    const job = await orders.add({ ms: 0 });
    await hanging.event('begun');
    server.freeze();
    const { code, report } = await terminate(hanging);
    server.thaw();
    expect(code).not.toBe(0);
    expect(report.status).not.toBe('completed');
    expect(report.cuts).toContainEqual(
      expect.objectContaining({ kind: 'job', name: `${job.id} of orders`, phase: 'drain' }),
    );
    expect(report.durationMs).toBeLessThan(3_500);
  });

  it('have jobs named as cut, and their child processes ended, when the shutdown is forced', async () => {
    const worker = await startWorker({}, nest);
    const job = await reports.add({ ms: 3_600_000 });
    const child = await pidOf(job);
    // Until one comes late enough to be another key press.
    const insisting = setInterval(() => worker.signal('SIGINT'), 100);
    const { code } = await worker.exited.finally(() => clearInterval(insisting));
    const { report } = await worker.event('report');
    expect(code).not.toBe(0);
    expect((report as ShutdownReport).cuts).toContainEqual(
      expect.objectContaining({ kind: 'job', name: `${job.id} of reports` }),
    );
    await until(
      async () => existsSync(`/proc/${child}`),
      (exists) => !exists,
    );
    expect(await reports.getJobCounts()).toEqual({ ...NOTHING_LEFT, active: 1, completed: 0 });
  });
});
