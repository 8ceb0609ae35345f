import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { start } from '../support/process/program.js';
import { RedisServer } from '../support/services/redis.js';
import { until } from '../support/services/until.js';
import type { WorkerPlan } from '../fixtures/worker-main.js';
import type { Program } from '../support/process/program.js';
import type { ShutdownReport } from 'nestjs-drain';

/** How often one of two workers is replaced; `RESTARTS=50 npm run test:services` for the figure. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 4);
const JOBS_PER_RESTART = 40;

let server: RedisServer;
let redis: Redis;
let orders: Queue;
let mails: Queue;
const started = new Set<Program>();

beforeAll(async () => {
  server = await RedisServer.create();
  redis = new Redis(server.url);
  const connection = { host: '127.0.0.1', port: server.port };
  [orders, mails] = [new Queue('orders', { connection }), new Queue('mails', { connection })];
});

beforeEach(async () => {
  await redis.flushall();
});

afterEach(async () => {
  await Promise.all(Array.from(started, (program) => program[Symbol.asyncDispose]()));
  started.clear();
});

afterAll(async () => {
  await Promise.all([orders.close(), mails.close()]);
  await redis.quit();
  await server[Symbol.asyncDispose]();
});

async function startWorker(plan: Partial<WorkerPlan> = {}): Promise<Program> {
  const whole: WorkerPlan = {
    redis: { host: '127.0.0.1', port: server.port },
    gracePeriodMs: 20_000,
    hangs: false,
    ...plan,
  };
  const program = start('fixtures/worker-main', {
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

describe('workers of BullMQ', () => {
  it(
    'lose no job and run none twice while one after the other is replaced',
    async () => {
      const events = new QueueEvents('orders', { connection: { host: '127.0.0.1', port: server.port } });
      await events.waitUntilReady();
      const stalled: string[] = [];
      events.on('stalled', ({ jobId }) => stalled.push(jobId));
      const ids: string[] = [];
      const running = [await startWorker(), await startWorker()];
      for (let restart = 0; restart < RESTARTS; restart += 1) {
        const jobs = await orders.addBulk(
          Array.from({ length: JOBS_PER_RESTART }, () => ({ name: 'order', data: { ms: 100 } })),
        );
        ids.push(...jobs.map(({ id }) => String(id)));
        const oldest = running.shift()!;
        await oldest.event('begun', ({ job }) => jobs.some(({ id }) => id === job));
        const [{ code, report }, replacement] = await Promise.all([terminate(oldest), startWorker()]);
        expect({ code, status: report.status }).toEqual({ code: 0, status: 'completed' });
        running.push(replacement);
      }
      expect((await done(ids.length)).toSorted()).toEqual(ids.toSorted());
      expect((await redis.lrange('begun', 0, -1)).toSorted()).toEqual(ids.toSorted());
      expect(stalled).toEqual([]);
      expect(await Promise.all(running.map(async (program) => (await terminate(program)).code))).toEqual([
        0, 0,
      ]);
      expect(await orders.getJobCounts('active', 'wait', 'failed')).toEqual({
        active: 0,
        wait: 0,
        failed: 0,
      });
      await events.close();
    },
    30_000 + RESTARTS * 5_000,
  );

  it('fetch nothing while an operator drains, and go on when it is undone, as often as that happens', async () => {
    const worker = await startWorker();
    for (const round of [1, 2]) {
      await server.seen((clients) => clients.filter(({ cmd }) => cmd === 'bzpopmin').length === 2);
      worker.signal('SIGUSR2');
      await nth(worker, 'draining', round);
      await server.seen((clients) => clients.every(({ cmd }) => cmd !== 'bzpopmin'));
      const jobs = [
        await orders.add('order', { ms: 0 }, { jobId: `order-${round}` }),
        await mails.add('mail', { ms: 0 }, { jobId: `mail-${round}` }),
      ];
      const other = await startWorker();
      for (const { id } of jobs) await other.event('begun', ({ job }) => job === id);
      await done(2 * round);
      expect((await terminate(other)).code).toBe(0);
      worker.signal('SIGUSR2');
      await nth(worker, 'resumed', round);
    }
    expect(worker.events.filter(({ event }) => event === 'begun')).toEqual([]);
    await Promise.all([orders, mails].map((queue) => queue.add('more', { ms: 0 })));
    await done(6);
    expect((await terminate(worker)).code).toBe(0);
  });

  it('finish the jobs that they have, and take no other', async () => {
    const worker = await startWorker();
    const mail = await mails.add('mail', { ms: 500 }, { jobId: 'mail-1' });
    await worker.event('begun', ({ job }) => job === mail.id);
    await mails.add('mail', { ms: 0 }, { jobId: 'mail-2' });
    const { code, report } = await terminate(worker);
    expect({ code, cuts: report.cuts }).toEqual({ code: 0, cuts: [] });
    expect(await redis.lrange('done', 0, -1)).toEqual(['mail-1']);
    expect(await mails.getJobCounts('active', 'wait')).toEqual({ active: 0, wait: 1 });
  });

  it('hand back at the end of the drain what has not finished, and another one takes it at once', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 });
    const [order, mail] = await Promise.all([
      orders.add('order', { ms: 0 }),
      mails.add('mail', { ms: 0 }, { jobId: 'mail-1' }),
    ]);
    await Promise.all([order, mail].map(({ id }) => hanging.event('begun', ({ job }) => job === id)));
    const { code, report, output } = await terminate(hanging);
    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
    expect(hanging.events).toContainEqual({ event: 'aborted', job: order.id });
    expect(output).toContain('job mail-1 of mails was handed back for another worker');
    expect(await Promise.all([orders, mails].map((queue) => queue.getJobCounts('active', 'wait')))).toEqual([
      { active: 0, wait: 1 },
      { active: 0, wait: 1 },
    ]);
    const other = await startWorker();
    expect((await done(2)).toSorted()).toEqual([order.id, mail.id].map(String).toSorted());
    expect((await terminate(other)).code).toBe(0);
  });

  it('have what cannot be handed back named as cut, and end in time, when Redis hangs', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 });
    await mails.add('mail', { ms: 0 }, { jobId: 'mail-1' });
    await hanging.event('begun');
    server.freeze();
    const { code, report } = await terminate(hanging);
    server.thaw();
    expect(code).not.toBe(0);
    expect(report.cuts).toContainEqual(
      expect.objectContaining({ kind: 'job', name: 'mail-1 of mails', phase: 'drain' }),
    );
    expect(report.durationMs).toBeLessThan(3_500);
  });

  it('name a job that began before they were known as cut, and do not claim to have completed', async () => {
    await mails.add('mail', { ms: 0 }, { jobId: 'mail-1' });
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000, startsSlowly: true });
    const { code, report } = await terminate(hanging);
    expect({ code, status: report.status }).toEqual({ code: 1, status: 'failed' });
    expect(report.cuts).toMatchObject([
      { kind: 'job', name: 'unknown job of mails, which is not idle', phase: 'drain' },
    ]);
  });

  it('finish a job that began before they were known', async () => {
    await mails.add('mail', { ms: 500 }, { jobId: 'mail-1' });
    const worker = await startWorker({ startsSlowly: true });
    const { code, report } = await terminate(worker);
    expect({ code, status: report.status }).toEqual({ code: 0, status: 'completed' });
    expect(await redis.lrange('done', 0, -1)).toEqual(['mail-1']);
  });

  it('put a job off as before, and have it in no drain any more', async () => {
    const worker = await startWorker();
    await mails.add('mail', { ms: 0, putOff: true }, { jobId: 'mail-1' });
    await worker.event('begun', ({ job }) => job === 'mail-1');
    await until(
      () => mails.getJobCounts('delayed'),
      ({ delayed }) => delayed === 1,
    );
    const { code, report } = await terminate(worker);
    expect({ code, status: report.status, cuts: report.cuts }).toEqual({
      code: 0,
      status: 'completed',
      cuts: [],
    });
  });
});

describe('a BullMQ that has something under another name', () => {
  it.each([
    ['explorer', 'BullExplorer.registerWorkers() and workers (@nestjs/bullmq@'],
    ['methods of workers', 'the methods of Worker (bullmq@'],
  ] as const)('%s: the log says so, and the drain fails', async (without, name) => {
    const worker = await startWorker({ without });
    await orders.add('order', { ms: 0 });
    await done(1);
    const { code, report, output } = await terminate(worker);
    expect(output).toContain(`not recognised: ${name}`);
    expect({ code, status: report.status }).toEqual({ code: 1, status: 'failed' });
    expect(report.participants).toContainEqual(
      expect.objectContaining({
        name: 'BullMQ workers',
        phase: 'drain',
        outcome: 'failed',
        error: expect.stringContaining('not recognised'),
      }),
    );
  });

  it('methods of jobs: the log says so, and a job that does not finish is cut', async () => {
    const hanging = await startWorker({ without: 'methods of jobs', hangs: true, gracePeriodMs: 3_000 });
    await mails.add('mail', { ms: 0 }, { jobId: 'mail-1' });
    await hanging.event('begun');
    const { code, report, output } = await terminate(hanging);
    expect(output).toContain('not recognised: Job.token, Job.moveToWait() and Job.isActive() (bullmq@');
    expect({ code, cuts: report.cuts }).toMatchObject({ code: 1, cuts: [{ name: 'mail-1 of mails' }] });
  });

  it('closed of workers: the log says so, and a worker that is a resource is closed once more', async () => {
    const worker = await startWorker({ without: 'closed of workers' });
    const { code, report, output } = await terminate(worker);
    expect(output).toContain('not recognised: Worker.closed (bullmq@');
    expect({ code, status: report.status }).toEqual({ code: 0, status: 'completed' });
  });
});
