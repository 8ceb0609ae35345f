import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Bull from 'bull';
import { Redis } from 'ioredis';
import { RedisServer } from '../support/services/redis.js';
import { until, untilGone } from '../support/services/until.js';
import {
  CLEAN,
  replaceUnderLoad,
  restartsOr,
  terminate,
  terminated,
  toggle,
  Workers,
} from '../support/services/workers.js';
import type { BullPlan } from '../fixtures/bull-main.js';
import type { Program } from '../support/process/program.js';

const RESTARTS = restartsOr(4);
const JOBS_PER_RESTART = 60;

let server: RedisServer;
let redis: Redis;
let orders: Bull.Queue;
let reports: Bull.Queue;
const workers = new Workers<BullPlan>('fixtures/bull-main', () => ({
  redis: { host: '127.0.0.1', port: server.port },
  gracePeriodMs: 20_000,
  announceDelayMs: 0,
  hangs: false,
}));

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
  await workers.end();
  await Promise.all([orders.close(), reports.close()]);
});

afterAll(async () => {
  await redis.quit();
  await server[Symbol.asyncDispose]();
});

/** Waits for so many ends of jobs. */
function done(count: number): Promise<string[]> {
  return until(
    () => redis.lrange('done', 0, -1),
    ({ length }) => length >= count,
  );
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
  const startWorker = (plan: Partial<BullPlan> = {}): Promise<Program> => workers.start(plan, nest);

  it(
    'lose no job and run none twice while one worker after the other is replaced',
    async () => {
      const stalled: unknown[] = [];
      orders.on('global:stalled', (id) => stalled.push(id));
      const { ids, running } = await replaceUnderLoad(RESTARTS, startWorker, async () => {
        const jobs = await orders.addBulk(
          Array.from({ length: JOBS_PER_RESTART }, (_, index) => ({ data: { ms: index % 40 } })),
        );
        return jobs.map(({ id }) => String(id));
      });
      expect((await done(ids.length)).toSorted()).toEqual(ids.toSorted());
      expect((await redis.lrange('begun', 0, -1)).toSorted()).toEqual(ids.toSorted());
      expect(stalled).toEqual([]);
      for (const program of running) expect(await terminate(program)).toMatchObject(CLEAN);
      expect(await orders.getJobCounts()).toEqual({ ...NOTHING_LEFT, completed: ids.length });
    },
    30_000 + RESTARTS * 5_000,
  );

  it('stop fetching at the announcement, in this process only, and go on when it is undone, as often as that happens', async () => {
    const worker = await startWorker();
    for (const round of [1, 2]) {
      await fetching(1);
      await toggle(worker, 'draining', round);
      await fetching(0);
      const job = await orders.add({ ms: 0 });
      const other = await startWorker();
      await other.event('begun', ({ id }) => id === String(job.id));
      await done(round);
      expect(await terminate(other)).toMatchObject(CLEAN);
      await toggle(worker, 'resumed', round);
    }
    expect(worker.events.filter(({ event }) => event === 'begun')).toEqual([]);
    await orders.add({ ms: 0 });
    await done(3);
    expect(await terminate(worker)).toMatchObject(CLEAN);
  });

  it('finish the jobs that they have, and take no other', async () => {
    const worker = await startWorker();
    const jobs = await orders.addBulk(Array.from({ length: 6 }, () => ({ data: { ms: 500 } })));
    for (const { id } of jobs.slice(0, 4)) await worker.event('begun', (event) => event['id'] === String(id));
    expect(await terminate(worker)).toMatchObject(CLEAN);
    expect((await redis.lrange('done', 0, -1)).toSorted()).toEqual(['1', '2', '3', '4']);
    expect(await orders.getJobCounts()).toEqual({ ...NOTHING_LEFT, waiting: 2, completed: 4 });
  });

  it('hand back at the end of the drain what has not finished, and another one takes it at once', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 });
    const job = await orders.add({ ms: 0 });
    const sandboxed = await reports.add({ ms: 3_600_000 });
    await hanging.event('begun', ({ id }) => id === String(job.id));
    const child = await pidOf(sandboxed);
    const end = await terminate(hanging);
    expect(end).toMatchObject(CLEAN);
    expect(end.output).toContain(`job ${job.id} of orders was handed back: another worker takes it`);
    expect(end.output).toContain(`job ${sandboxed.id} of reports was handed back: another worker takes it`);
    await untilGone(child);
    expect(await reports.getJobCounts()).toEqual({ ...NOTHING_LEFT, waiting: 1, completed: 0 });
    expect(await reports.getJob(sandboxed.id)).toMatchObject({ attemptsMade: 0 });
    await reports.empty();
    const other = await startWorker();
    expect(await done(1)).toEqual([String(job.id)]);
    expect(await terminate(other)).toMatchObject(CLEAN);
    expect(await orders.getJob(job.id)).toMatchObject({ attemptsMade: 0, returnvalue: `order ${job.id}` });
  });

  it('may be paused by a participant of the application as well', async () => {
    const worker = await startWorker({ pausesItself: true });
    const jobs = await orders.addBulk(Array.from({ length: 12 }, () => ({ data: { ms: 500 } })));
    await worker.event('begun');
    expect(await terminate(worker)).toMatchObject(CLEAN);
    const done = await redis.lrange('done', 0, -1);
    expect(await orders.getJobCounts()).toMatchObject({
      active: 0,
      failed: 0,
      waiting: jobs.length - done.length,
    });
  });

  it('let sandboxed processors finish, and leave no child process behind', async () => {
    const worker = await startWorker();
    const job = await reports.add({ ms: 1_000 });
    const child = await pidOf(job);
    expect(await terminate(worker)).toMatchObject(CLEAN);
    expect(await reports.getJob(job.id)).toMatchObject({ returnvalue: child });
    await untilGone(child);
  });

  it('without the child processes of queues, say so in the log, and hand back all the same', async () => {
    const worker = await startWorker({ without: 'children of queues', gracePeriodMs: 3_000 });
    const job = await reports.add({ ms: 3_600_000 });
    const child = await pidOf(job);
    const ending = terminate(worker);
    await worker.event('report');
    // It keeps the output of the worker open.
    process.kill(child, 'SIGKILL');
    const end = await ending;
    expect(end.output).toContain('not recognised: Queue.childPool.retained (bull@');
    expect(end).toMatchObject(CLEAN);
    expect(await reports.getJobCounts()).toMatchObject({ active: 0, waiting: 1 });
  });

  it('do the jobs that a request waits for, which was accepted before the shutdown or after its announcement', async () => {
    const worker = await startWorker({ announceDelayMs: 3_000 });
    const { url } = await worker.event('ready');
    const ask = (): Promise<Response> => fetch(`${String(url)}/receipts`, { method: 'POST' });
    await fetching(1);
    await toggle(worker, 'draining', 1);
    await fetching(0);
    expect(await (await ask()).text()).toBe('order 1');
    await fetching(0);
    await toggle(worker, 'resumed', 1);
    const ending = terminate(worker);
    await fetching(0);
    expect(await (await ask()).text()).toBe('order 2');
    expect(await ending).toMatchObject(CLEAN);
  });

  it('have what cannot be handed back named as cut, and end in time, when Redis hangs', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 });
    const job = await orders.add({ ms: 0 });
    await hanging.event('begun');
    server.freeze();
    const end = await terminate(hanging);
    server.thaw();
    expect(end.code).not.toBe(0);
    expect(end.status).not.toBe('completed');
    expect(end.cuts).toContainEqual(
      expect.objectContaining({ kind: 'job', name: `${job.id} of orders`, phase: 'drain' }),
    );
    expect(end.durationMs).toBeLessThan(3_500);
  });

  it('have jobs named as cut, and their child processes ended, when the shutdown is forced', async () => {
    const worker = await startWorker();
    const job = await reports.add({ ms: 3_600_000 });
    const child = await pidOf(job);
    // Until one comes late enough to be another key press.
    const insisting = setInterval(() => worker.signal('SIGINT'), 100);
    const end = await terminated(worker).finally(() => clearInterval(insisting));
    expect(end.code).not.toBe(0);
    expect(end.cuts).toContainEqual(expect.objectContaining({ kind: 'job', name: `${job.id} of reports` }));
    await untilGone(child);
    expect(await reports.getJobCounts()).toEqual({ ...NOTHING_LEFT, active: 1, completed: 0 });
  });
});
