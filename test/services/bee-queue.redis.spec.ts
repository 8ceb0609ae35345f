import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import BeeQueue from 'bee-queue';
import { RedisServer } from '../support/services/redis.js';
import { until } from '../support/services/until.js';
import { CLEAN, replaceUnderLoad, restartsOr, terminate, Workers } from '../support/services/workers.js';
import { compileBlock } from '../unit/docs/compile-block.js';
import type { BeeQueuePlan } from '../fixtures/bee-queue-main.js';
import type { Program } from '../support/process/program.js';

const RESTARTS = restartsOr(3);
const JOBS_PER_RESTART = 40;

let server: RedisServer;
let reports: BeeQueue<{ ms: number }>;
let guide: string;
const workers = new Workers<BeeQueuePlan>('fixtures/bee-queue-main', () => ({
  port: server.port,
  gracePeriodMs: 20_000,
  hangs: false,
  guide,
}));

beforeAll(async () => {
  server = await RedisServer.create();
  reports = new BeeQueue('reports', {
    redis: { host: '127.0.0.1', port: server.port },
    isWorker: false,
    getEvents: false,
  });
  await reports.ready();
  guide = compileBlock('docs/queue-workers.md', 'reports.worker.ts');
});

afterEach(async () => {
  await workers.end();
  await reports.destroy();
});

afterAll(async () => {
  await reports.close();
  await server[Symbol.asyncDispose]();
});

async function send(count: number, ms: number): Promise<string[]> {
  const jobs = Array.from({ length: count }, () => reports.createJob({ ms }));
  const saved = await Promise.all(jobs.map((job) => job.save()));
  return saved.map(({ id }) => id);
}

describe.each([12, 11] as const)('the worker of bee-queue in the guide, on Nest %i', (nest) => {
  const startWorker = (plan: Partial<BeeQueuePlan> = {}): Promise<Program> => workers.start(plan, nest);

  it(
    'loses no job and runs none twice while one after the other is replaced',
    async () => {
      const { ids, running } = await replaceUnderLoad(RESTARTS, startWorker, () =>
        send(JOBS_PER_RESTART, 50),
      );
      await until(
        () => reports.checkHealth(),
        ({ succeeded }) => succeeded === ids.length,
      );
      for (const program of running) expect(await terminate(program)).toMatchObject(CLEAN);
      expect(workers.told('done').toSorted()).toEqual(ids.toSorted());
      expect(workers.told('begun').toSorted()).toEqual(ids.toSorted());
    },
    30_000 + RESTARTS * 5_000,
  );

  it('has a job that does not finish named as cut, and another worker finds it', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 });
    const [id] = await send(1, 0);
    await hanging.event('begun');
    const end = await terminate(hanging);
    expect(end).toMatchObject({ code: 1, status: 'failed' });
    expect(end.cuts).toEqual([expect.objectContaining({ kind: 'job', name: id, phase: 'drain' })]);
    const other = await startWorker();
    await other.event('done', (event) => event['id'] === id);
    expect(await terminate(other)).toMatchObject(CLEAN);
  });
});
