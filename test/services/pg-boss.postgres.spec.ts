import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import PgBoss from 'pg-boss';
import { Postgres } from '../support/services/postgres.js';
import { until } from '../support/services/until.js';
import {
  CLEAN,
  begunWhileDrained,
  replaceUnderLoad,
  restartsOr,
  terminate,
  Workers,
} from '../support/services/workers.js';
import type { PgBossPlan } from '../fixtures/pg-boss-main.js';
import type { Program } from '../support/process/program.js';

const RESTARTS = restartsOr(3);
const JOBS_PER_RESTART = 12;

let server: Postgres;
let boss: PgBoss;
const workers = new Workers<PgBossPlan>('fixtures/pg-boss-main', () => ({
  url: server.url,
  gracePeriodMs: 20_000,
  hangs: false,
}));

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
  await workers.end();
});

afterAll(async () => {
  await boss.stop({ graceful: false });
  await server[Symbol.asyncDispose]();
});

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

describe.each([12, 11] as const)('workers of pg-boss on Nest %i', (nest) => {
  const startWorker = (plan: Partial<PgBossPlan> = {}): Promise<Program> => workers.start(plan, nest);

  it(
    'lose no job and run none twice while one after the other is replaced',
    async () => {
      const { ids, running } = await replaceUnderLoad(RESTARTS, startWorker, () =>
        send(JOBS_PER_RESTART, 200),
      );
      for (const id of ids) await inState(id, 'completed');
      for (const program of running) expect(await terminate(program)).toMatchObject(CLEAN);
      expect(workers.told('done').toSorted()).toEqual(ids.toSorted());
      expect(workers.told('begun').toSorted()).toEqual(ids.toSorted());
    },
    60_000 + RESTARTS * 5_000,
  );

  it('fetch nothing from the announcement on, and go on when it is undone, as often as that happens', async () => {
    expect(await begunWhileDrained(startWorker, (count) => send(count, 0))).toEqual([]);
  });

  it('finish the jobs that they have', async () => {
    const worker = await startWorker();
    const ids = await send(2, 1_000);
    await worker.event('begun');
    expect(await terminate(worker)).toMatchObject(CLEAN);
    for (const id of workers.told('begun')) await inState(id, 'completed');
    expect(ids).toEqual(expect.arrayContaining(workers.told('begun')));
    expect(workers.told('done').toSorted()).toEqual(workers.told('begun').toSorted());
  });

  it('hand back at the end of the drain what has not finished, and another one takes it at once', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 4_000 });
    const [id = ''] = await send(1, 0);
    await hanging.event('begun');
    const end = await terminate(hanging);
    expect(end).toMatchObject(CLEAN);
    expect(end.output).toContain(`job ${id} of orders was handed back: another worker takes it`);
    expect(await boss.getJobById('orders', id)).toMatchObject({ state: 'created', retryCount: 0 });
    const other = await startWorker();
    await other.event('done', (event) => event['id'] === id);
    expect(await terminate(other)).toMatchObject(CLEAN);
    await inState(id, 'completed');
  });

  it('have what cannot be handed back named as cut, and end in time, when PostgreSQL hangs', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 });
    const [id = ''] = await send(1, 0);
    await hanging.event('begun');
    server.freeze();
    const end = await terminate(hanging);
    server.thaw();
    expect(end.code).not.toBe(0);
    expect(end.status).not.toBe('completed');
    expect(end.cuts).toContainEqual(
      expect.objectContaining({ kind: 'job', name: `${id} of orders`, phase: 'drain' }),
    );
    expect(end.durationMs).toBeLessThan(3_500);
  });
});
