import { PostgresBackend } from '@agendajs/postgres-backend';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Agenda } from 'agenda';
import pg from 'pg';
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
import type { AgendaPlan } from '../fixtures/agenda-main.js';
import type { Program } from '../support/process/program.js';

const RESTARTS = restartsOr(3);
const JOBS_PER_RESTART = 24;

let server: Postgres;
let pool: pg.Pool;
let agenda: Agenda;
let sent = 0;
const workers = new Workers<AgendaPlan>('fixtures/agenda-main', () => ({
  url: server.url,
  gracePeriodMs: 20_000,
  hangs: false,
  stops: true,
  lockLimit: 4,
}));

beforeAll(async () => {
  server = await Postgres.create();
  pool = new pg.Pool({ connectionString: server.url, max: 4 });
  agenda = new Agenda({ backend: new PostgresBackend({ pool }) });
  await agenda.ready;
}, 60_000);

afterEach(async () => {
  await workers.end();
  await pool.query('delete from agenda_jobs');
});

afterAll(async () => {
  await pool.end();
  await server[Symbol.asyncDispose]();
});

/** Plans so many jobs for now; returns their ids. */
async function send(count: number, ms: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => String((sent += 1)));
  for (const id of ids) await agenda.now('order', { id, ms });
  return ids;
}

/** Waits until so many jobs are in hand: locked by a worker. */
async function locked(count: number): Promise<void> {
  await until(
    async () => (await agenda.queryJobs({ name: 'order' })).jobs.filter(({ lockedAt }) => lockedAt),
    ({ length }) => length === count,
  );
}

describe.each([12, 11] as const)('jobs of Agenda on Nest %i', (nest) => {
  const startWorker = (plan: Partial<AgendaPlan> = {}): Promise<Program> => workers.start(plan, nest);

  it(
    'are neither lost nor run twice while one worker after the other is replaced',
    async () => {
      const { ids, running } = await replaceUnderLoad(RESTARTS, startWorker, () =>
        send(JOBS_PER_RESTART, 200),
      );
      await workers.hear('done', ids);
      for (const program of running) expect(await terminate(program)).toMatchObject(CLEAN);
      expect(workers.told('done').toSorted()).toEqual(ids.toSorted());
      expect(workers.told('begun').toSorted()).toEqual(ids.toSorted());
      await locked(0);
    },
    60_000 + RESTARTS * 5_000,
  );

  it('are left to others from the announcement on, until it is undone, as often as that happens', async () => {
    expect(await begunWhileDrained(startWorker, (count) => send(count, 0))).toEqual([]);
  });

  it.each([[true], [false]])(
    'are finished if they have begun, and given back if not (agenda stopped in a hook: %s)',
    async (stops) => {
      const worker = await startWorker({ stops, lockLimit: 0 });
      await send(10, 1_000);
      await worker.event('begun');
      await locked(10);
      expect(await terminate(worker)).toMatchObject(CLEAN);
      const begun = workers.told('begun');
      expect(begun.length).toBeLessThanOrEqual(6);
      expect(workers.told('done').toSorted()).toEqual(begun.toSorted());
      await locked(0);
      const { jobs } = await agenda.queryJobs({ name: 'order' });
      expect(jobs.filter(({ nextRunAt }) => nextRunAt)).toHaveLength(10 - begun.length);
      expect(await server.sessions()).toEqual(['']);
    },
  );

  it('go back at the end of the drain if they have not finished, and another one takes them at once', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 4_000 });
    const [id = ''] = await send(1, 0);
    await hanging.event('begun');
    const end = await terminate(hanging);
    expect(end).toMatchObject(CLEAN);
    expect(end.output).toMatch(/job \S+ of order was handed back: another worker takes it/);
    const other = await startWorker();
    await other.event('done', (event) => event['id'] === id);
    expect(await terminate(other)).toMatchObject(CLEAN);
    const { jobs } = await agenda.queryJobs({ name: 'order' });
    expect(jobs).toMatchObject([{ lockedAt: undefined, failCount: undefined }]);
  });

  it('are named as cut if they cannot go back, and the process ends in time, when PostgreSQL hangs', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 });
    await send(1, 0);
    await hanging.event('begun');
    server.freeze();
    const end = await terminate(hanging);
    server.thaw();
    expect(end.code).not.toBe(0);
    expect(end.status).not.toBe('completed');
    expect(end.cuts).toContainEqual(
      expect.objectContaining({ kind: 'job', name: expect.stringMatching(/ of order$/), phase: 'drain' }),
    );
    expect(end.durationMs).toBeLessThan(3_500);
  });
});
