import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Queue, QueueEvents } from 'bullmq';
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
import type { BullMqPlan } from '../fixtures/bullmq-main.js';
import type { Program } from '../support/process/program.js';

const RESTARTS = restartsOr(4);
const JOBS_PER_RESTART = 40;

let server: RedisServer;
let redis: Redis;
let orders: Queue;
let mails: Queue;
let reports: Queue;
let samples: Queue;
let hidden: Queue;
const workers = new Workers<BullMqPlan>('fixtures/bullmq-main', () => ({
  redis: { host: '127.0.0.1', port: server.port },
  gracePeriodMs: 20_000,
  announceDelayMs: 0,
  hangs: false,
}));

beforeAll(async () => {
  server = await RedisServer.create();
  redis = new Redis(server.url);
  const connection = { host: '127.0.0.1', port: server.port };
  const create = (name: string): Queue => new Queue(name, { connection });
  [orders, mails, reports, samples, hidden] = [
    create('orders'),
    create('mails'),
    create('reports'),
    create('samples'),
    create('hidden'),
  ];
});

beforeEach(async () => {
  await redis.flushall();
});

afterEach(async () => {
  await workers.end();
});

afterAll(async () => {
  await Promise.all([orders, mails, reports, samples, hidden].map((queue) => queue.close()));
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

/** Waits until so many workers wait for jobs. */
async function fetching(count: number): Promise<void> {
  await server.seen((clients) => clients.filter(({ cmd }) => cmd === 'bzpopmin').length === count);
}

/** The process that works on a sandboxed job: the processor logs its id. */
async function pidOf(id = ''): Promise<number> {
  const { logs } = await until(
    () => reports.getJobLogs(id),
    ({ count }) => count > 0,
  );
  return Number(logs[0]);
}

/** How many workers a program has. */
const WORKERS = 4;

describe.each([
  [12, 6],
  [11, 5],
] as const)('workers of BullMQ on Nest %i', (nest, bullmq) => {
  const startWorker = (plan: Partial<BullMqPlan> = {}): Promise<Program> => workers.start(plan, nest);

  it(
    'lose no job and run none twice while one after the other is replaced',
    async () => {
      const events = new QueueEvents('orders', { connection: { host: '127.0.0.1', port: server.port } });
      await events.waitUntilReady();
      const stalled: string[] = [];
      events.on('stalled', ({ jobId }) => stalled.push(jobId));
      const { ids, running } = await replaceUnderLoad(RESTARTS, startWorker, async () => {
        const jobs = await orders.addBulk(
          Array.from({ length: JOBS_PER_RESTART }, () => ({ name: 'order', data: { ms: 100 } })),
        );
        return jobs.map(({ id }) => String(id));
      });
      expect((await done(ids.length)).toSorted()).toEqual(ids.toSorted());
      expect((await redis.lrange('begun', 0, -1)).toSorted()).toEqual(ids.toSorted());
      expect(stalled).toEqual([]);
      for (const program of running) expect(await terminate(program)).toMatchObject(CLEAN);
      const left = await orders.getJobCounts('active', 'wait', 'failed');
      expect(left).toEqual({ active: 0, wait: 0, failed: 0 });
      await events.close();
    },
    30_000 + RESTARTS * 5_000,
  );

  it('fetch nothing while an operator drains, and go on when it is undone, as often as that happens', async () => {
    const worker = await startWorker();
    for (const round of [1, 2]) {
      await fetching(WORKERS);
      await toggle(worker, 'draining', round);
      await fetching(0);
      const jobs = [
        await orders.add('order', { ms: 0 }, { jobId: `order-${round}` }),
        await mails.add('mail', { ms: 0 }, { jobId: `mail-${round}` }),
      ];
      const other = await startWorker();
      for (const { id: wanted } of jobs) await other.event('begun', ({ id }) => id === wanted);
      await done(2 * round);
      expect(await terminate(other)).toMatchObject(CLEAN);
      await toggle(worker, 'resumed', round);
    }
    expect(worker.events.filter(({ event }) => event === 'begun')).toEqual([]);
    await Promise.all([orders, mails].map((queue) => queue.add('more', { ms: 0 })));
    await done(6);
    expect(await terminate(worker)).toMatchObject(CLEAN);
  });

  it('finish the jobs that they have, and take no other', async () => {
    const worker = await startWorker();
    const mail = await mails.add('mail', { ms: 500 }, { jobId: 'mail-1' });
    await worker.event('begun', ({ id }) => id === mail.id);
    await mails.add('mail', { ms: 0 }, { jobId: 'mail-2' });
    expect(await terminate(worker)).toMatchObject(CLEAN);
    expect(await redis.lrange('done', 0, -1)).toEqual(['mail-1']);
    expect(await mails.getJobCounts('active', 'wait')).toEqual({ active: 0, wait: 1 });
  });

  it('hand back at the end of the drain what has not finished, and another one takes it at once', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 });
    const [order, mail] = await Promise.all([
      orders.add('order', { ms: 0 }),
      mails.add('mail', { ms: 0 }, { jobId: 'mail-1' }),
    ]);
    for (const { id: wanted } of [order, mail]) await hanging.event('begun', ({ id }) => id === wanted);
    const end = await terminate(hanging);
    expect(end).toMatchObject(CLEAN);
    expect(hanging.events).toContainEqual({ event: 'aborted', id: order.id });
    expect(end.output).toContain('job mail-1 of mails was handed back: another worker takes it');
    expect(await Promise.all([orders, mails].map((queue) => queue.getJobCounts('active', 'wait')))).toEqual([
      { active: 0, wait: 1 },
      { active: 0, wait: 1 },
    ]);
    const other = await startWorker();
    expect((await done(2)).toSorted()).toEqual([order.id, mail.id].map(String).toSorted());
    expect(await terminate(other)).toMatchObject(CLEAN);
  });

  it.each([['receipts'], ['receipts/in-bulk'], ['receipts/by-id'], ['receipts/in-a-flow']])(
    'do the job that a request to %s waits for, and nothing else',
    async (path) => {
      const worker = await startWorker({ announceDelayMs: 3_000 });
      const { url } = await worker.event('ready');
      const ask = async (): Promise<string> =>
        (await fetch(`${String(url)}/${path}`, { method: 'POST' })).text();
      await fetching(WORKERS);
      await toggle(worker, 'draining', 1);
      await fetching(0);
      expect(await ask()).toBe(`done by ${worker.pid}`);
      await fetching(0);
      await toggle(worker, 'resumed', 1);
      await fetching(WORKERS);
      const ending = terminate(worker);
      await fetching(0);
      await mails.add('mail', { ms: 0 }, { jobId: 'mail-1' });
      expect(await ask()).toBe(`done by ${worker.pid}`);
      expect(await ending).toMatchObject(CLEAN);
      expect(await mails.getJobCounts('active', 'wait')).toEqual({ active: 0, wait: 1 });
    },
  );

  it('do the job that a request waits for that was accepted before the shutdown', async () => {
    const worker = await startWorker();
    const { url } = await worker.event('ready');
    const busy = await orders.addBulk(
      Array.from({ length: 4 }, () => ({ name: 'order', data: { ms: 1_000 } })),
    );
    for (const { id: wanted } of busy) await worker.event('begun', ({ id }) => id === wanted);
    const answer = fetch(`${String(url)}/receipts`, { method: 'POST' });
    await until(
      () => orders.getJobCounts('wait'),
      ({ wait }) => wait === 1,
    );
    const end = await terminate(worker);
    expect(await (await answer).text()).toBe(`done by ${worker.pid}`);
    expect(end).toMatchObject(CLEAN);
  });

  it('do the job that a request waits for beside one that takes long', async () => {
    const worker = await startWorker({ announceDelayMs: 3_000 });
    const { url } = await worker.event('ready');
    // BullMQ 5 fetches again only with the end of a job.
    const sizes = bullmq === 5 ? [10_000, 1_500] : [10_000];
    for (const ms of sizes) await orders.add('order', { ms });
    for (const wanted of sizes.keys()) await worker.event('begun', ({ id }) => id === String(wanted + 1));
    await toggle(worker, 'draining', 1);
    const answer = await fetch(`${String(url)}/receipts`, { method: 'POST' });
    expect(await answer.text()).toBe(`done by ${worker.pid}`);
    expect(await orders.getJobState('1')).toBe('active');
    expect(await terminate(worker)).toMatchObject(CLEAN);
    expect(await orders.getJobCounts('active', 'completed')).toEqual({
      active: 0,
      completed: sizes.length + 1,
    });
  });

  /** Starts a worker that has reached its rate limit. */
  async function startLimited(plan: Partial<BullMqPlan> = {}): Promise<Program> {
    const worker = await startWorker({ gracePeriodMs: 5_000, ...plan });
    await samples.addBulk(
      [1, 2].map((id) => ({ name: 'sample', data: { ms: 0 }, opts: { jobId: `sample-${id}` } })),
    );
    await done(1);
    await until(
      () => samples.getRateLimitTtl(),
      (ttl) => ttl > 0,
    );
    return worker;
  }

  it('do not wait until a rate limit is over', async () => {
    const end = await terminate(await startLimited());
    expect(end).toMatchObject(CLEAN);
    expect(end.durationMs).toBeLessThan(2_500);
    expect(await samples.getJobCounts('active', 'wait')).toEqual({ active: 0, wait: 1 });
  });

  describe.each([[false], [true]])('with a sandboxed processor (in a thread: %s)', (threads) => {
    it('finish its job, and leave nothing of it behind', async () => {
      const worker = await startWorker({ threads });
      const job = await reports.add('report', { ms: 1_000 });
      const pid = await pidOf(job.id);
      expect(pid === worker.pid).toBe(threads);
      expect(await terminate(worker)).toMatchObject(CLEAN);
      expect(await reports.getJob(String(job.id))).toMatchObject({ returnvalue: pid });
      await untilGone(pid);
    });

    it('hand its job back, and leave nothing of it behind', async () => {
      const worker = await startWorker({ threads, gracePeriodMs: 3_000 });
      const job = await reports.add('report', { ms: 3_600_000 });
      const pid = await pidOf(job.id);
      const end = await terminate(worker);
      expect(end).toMatchObject(CLEAN);
      expect(end.output).toContain(`job ${job.id} of reports was handed back: another worker takes it`);
      expect(await reports.getJobCounts('active', 'wait')).toEqual({ active: 0, wait: 1 });
      await untilGone(pid);
    });

    it('leave nothing of it behind when the shutdown is forced', async () => {
      const worker = await startWorker({ threads });
      const job = await reports.add('report', { ms: 3_600_000 });
      const pid = await pidOf(job.id);
      // Until one comes late enough to be another key press.
      const insisting = setInterval(() => worker.signal('SIGINT'), 100);
      const end = await terminated(worker).finally(() => clearInterval(insisting));
      expect(end.code).not.toBe(0);
      expect(end.cuts).toContainEqual(expect.objectContaining({ kind: 'job', name: `${job.id} of reports` }));
      await untilGone(pid);
    });

    it('leave nothing of it behind when Redis hangs', async () => {
      const worker = await startWorker({ threads, gracePeriodMs: 3_000 });
      const job = await reports.add('report', { ms: 3_600_000 });
      const pid = await pidOf(job.id);
      server.freeze();
      const end = await terminate(worker);
      server.thaw();
      expect(end.code).not.toBe(0);
      expect(end.cuts).toContainEqual(expect.objectContaining({ kind: 'job', name: `${job.id} of reports` }));
      await untilGone(pid);
    });
  });

  it('have what cannot be handed back named as cut, and end in time, when Redis hangs', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 });
    await mails.add('mail', { ms: 0 }, { jobId: 'mail-1' });
    await hanging.event('begun');
    server.freeze();
    const end = await terminate(hanging);
    server.thaw();
    expect(end.code).not.toBe(0);
    expect(end.cuts).toContainEqual(
      expect.objectContaining({ kind: 'job', name: 'mail-1 of mails', phase: 'drain' }),
    );
    expect(end.durationMs).toBeLessThan(3_500);
  });

  it('name a job that began before they were known as cut, and do not claim to have completed', async () => {
    await mails.add('mail', { ms: 0 }, { jobId: 'mail-1' });
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000, startsSlowly: true });
    expect(await terminate(hanging)).toMatchObject({
      code: 1,
      status: 'failed',
      cuts: [{ kind: 'job', name: 'unknown job of mails, which is not idle', phase: 'drain' }],
    });
  });

  it('finish a job that began before they were known', async () => {
    await mails.add('mail', { ms: 500 }, { jobId: 'mail-1' });
    const worker = await startWorker({ startsSlowly: true });
    expect(await terminate(worker)).toMatchObject(CLEAN);
    expect(await redis.lrange('done', 0, -1)).toEqual(['mail-1']);
  });

  it('of a queue that is registered with processors finish, and fetch nothing from the drain on', async () => {
    const worker = await startWorker({ registersProcessors: true });
    const ids = ['first', 'second', 'third'];
    await hidden.addBulk(ids.map((jobId) => ({ name: 'job', data: { ms: 1_000 }, opts: { jobId } })));
    await worker.event('begun', ({ id }) => id === 'first');
    expect(await terminate(worker)).toMatchObject(CLEAN);
    expect(await redis.lrange('done', 0, -1)).toEqual(['first']);
    expect(await hidden.getJobCounts('active', 'wait')).toEqual({ active: 0, wait: 2 });
  });

  it('leave a queue that is registered with processors open for the requests in flight', async () => {
    const worker = await startWorker({ registersProcessors: true });
    const { url } = await worker.event('ready');
    const reminded = fetch(`${String(url)}/reminders`, { method: 'POST' });
    await worker.event('reminding');
    const end = terminate(worker);
    expect(await (await reminded).text()).toBe('late');
    expect(await end).toMatchObject(CLEAN);
    expect(await hidden.getJobCounts('active', 'wait')).toEqual({ active: 0, wait: 1 });
  });

  it('of a queue that is registered with processors have a job that does not finish cut', async () => {
    const hanging = await startWorker({ registersProcessors: true, hangs: true, gracePeriodMs: 3_000 });
    await hidden.add('job', { ms: 0 }, { jobId: 'first' });
    await hanging.event('begun');
    const end = await terminate(hanging);
    expect(end.code).not.toBe(0);
    expect(end.cuts).toContainEqual(expect.objectContaining({ kind: 'job', name: 'unknown job of hidden' }));
  });

  it('put a job off as before, and have it in no drain any more', async () => {
    const worker = await startWorker();
    await mails.add('mail', { ms: 0, putOff: true }, { jobId: 'mail-1' });
    await worker.event('begun', ({ id }) => id === 'mail-1');
    await until(
      () => mails.getJobCounts('delayed'),
      ({ delayed }) => delayed === 1,
    );
    expect(await terminate(worker)).toMatchObject(CLEAN);
  });

  it.each([
    ['explorer', 'BullExplorer.registerWorkers() and workers (@nestjs/bullmq@'],
    ['methods of workers', 'the methods of Worker (bullmq@'],
  ] as const)('without the %s, say so in the log, and the drain fails', async (without, name) => {
    const worker = await startWorker({ without });
    await orders.add('order', { ms: 0 });
    await done(1);
    const end = await terminate(worker);
    expect(end.output).toContain(`not recognised: ${name}`);
    expect(end).toMatchObject({ code: 1, status: 'failed' });
    expect(end.participants).toContainEqual(
      expect.objectContaining({
        name: 'BullMQ workers',
        phase: 'drain',
        outcome: 'failed',
        error: expect.stringContaining('not recognised'),
      }),
    );
  });

  it('without the methods of jobs, say so in the log, and have a job that does not finish cut', async () => {
    const hanging = await startWorker({ without: 'methods of jobs', hangs: true, gracePeriodMs: 3_000 });
    await mails.add('mail', { ms: 0 }, { jobId: 'mail-1' });
    await hanging.event('begun');
    const end = await terminate(hanging);
    expect(end.output).toContain('not recognised: Job.token, Job.moveToWait() and Job.isActive() (bullmq@');
    expect(end).toMatchObject({ code: 1, cuts: [{ name: 'mail-1 of mails' }] });
  });

  it('without their wait for the rate limit, say so in the log, and are not idle', async () => {
    const end = await terminate(await startLimited({ without: 'wait of workers' }));
    expect(end.output).toContain('not recognised: Worker.abortDelayController (bullmq@');
    expect(end).toMatchObject({
      code: 1,
      cuts: [{ kind: 'job', name: 'unknown job of samples, which is not idle' }],
    });
  });

  it('without their children, say so in the log, and hand back all the same', async () => {
    const worker = await startWorker({ without: 'children of workers', gracePeriodMs: 3_000 });
    const job = await reports.add('report', { ms: 3_600_000 });
    const pid = await pidOf(job.id);
    const end = await terminate(worker);
    process.kill(pid, 'SIGKILL');
    expect(end.output).toContain('not recognised: Worker.childPool.retained (bullmq@');
    expect(end).toMatchObject(CLEAN);
    expect(await reports.getJobCounts('active', 'wait')).toEqual({ active: 0, wait: 1 });
  });

  it('without closed, say so in the log, and are closed once more where they are resources', async () => {
    const worker = await startWorker({ without: 'closed of workers' });
    const end = await terminate(worker);
    expect(end.output).toContain('not recognised: Worker.closed (bullmq@');
    expect(end).toMatchObject(CLEAN);
  });
});
