import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import BeeQueue from 'bee-queue';
import ts from 'typescript';
import { start } from '../support/process/program.js';
import { RedisServer } from '../support/services/redis.js';
import { until } from '../support/services/until.js';
import { codeBlocks, ROOT } from '../unit/docs/markdown.js';
import type { BeeQueuePlan } from '../fixtures/bee-queue-main.js';
import type { Program } from '../support/process/program.js';
import type { ShutdownReport } from 'nestjs-drain';

/** How often one of two workers is replaced; `RESTARTS=50 npm run test:services` for the figure. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 3);
const JOBS_PER_RESTART = 40;

let server: RedisServer;
let reports: BeeQueue<{ ms: number }>;
let guide: string;
const started = new Set<Program>();

beforeAll(async () => {
  server = await RedisServer.create();
  reports = new BeeQueue('reports', {
    redis: { host: '127.0.0.1', port: server.port },
    isWorker: false,
    getEvents: false,
  });
  await reports.ready();
  guide = compileGuide();
});

afterEach(async () => {
  await Promise.all(Array.from(started, (program) => program[Symbol.asyncDispose]()));
  started.clear();
  await reports.destroy();
});

afterAll(async () => {
  await reports.close();
  await server[Symbol.asyncDispose]();
});

/** Compiles the worker that docs/queue-workers.md shows; returns the URL of its module. */
function compileGuide(): string {
  const [block, ...others] = codeBlocks('docs/queue-workers.md', 'ts').filter(({ code }) =>
    code.startsWith('// reports.worker.ts\n'),
  );
  if (!block || others.length > 0) throw new Error('the guide has no worker, or several');
  const { outputText } = ts.transpileModule(block.code, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  const folder = `${ROOT}.test-cache/guide`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/reports.worker.js`, outputText);
  return pathToFileURL(`${folder}/reports.worker.js`).href;
}

async function startWorker(plan: Partial<BeeQueuePlan> = {}): Promise<Program> {
  const whole: BeeQueuePlan = { port: server.port, gracePeriodMs: 20_000, hangs: false, guide, ...plan };
  const program = start('fixtures/bee-queue-main', {
    env: { PLAN: JSON.stringify(whole), NODE_ENV: 'production' },
  });
  started.add(program);
  await program.event('ready');
  return program;
}

async function terminate(program: Program): Promise<{ code: number | null; report: ShutdownReport }> {
  program.signal('SIGTERM');
  const { code } = await program.exited;
  const { report } = await program.event('report');
  return { code, report: report as ShutdownReport };
}

async function send(count: number, ms: number): Promise<string[]> {
  const jobs = Array.from({ length: count }, () => reports.createJob({ ms }));
  const saved = await Promise.all(jobs.map((job) => job.save()));
  return saved.map(({ id }) => id);
}

/** The ids that workers have told of. */
function told(event: 'begun' | 'done'): string[] {
  return Array.from(started)
    .flatMap(({ events }) => events)
    .filter((e) => e.event === event)
    .map(({ id }) => String(id));
}

describe('the worker of bee-queue in the guide', () => {
  it(
    'loses no job and runs none twice while one after the other is replaced',
    async () => {
      const ids: string[] = [];
      const running = [await startWorker(), await startWorker()];
      for (let restart = 0; restart < RESTARTS; restart += 1) {
        const jobs = await send(JOBS_PER_RESTART, 50);
        ids.push(...jobs);
        const oldest = running.shift()!;
        await oldest.event('begun', ({ id }) => jobs.includes(String(id)));
        const [{ code, report }, replacement] = await Promise.all([terminate(oldest), startWorker()]);
        expect({ code, status: report.status }).toEqual({ code: 0, status: 'completed' });
        running.push(replacement);
      }
      await until(
        () => reports.checkHealth(),
        ({ succeeded }) => succeeded === ids.length,
      );
      for (const program of running) expect((await terminate(program)).code).toBe(0);
      expect(told('done').toSorted()).toEqual(ids.toSorted());
      expect(told('begun').toSorted()).toEqual(ids.toSorted());
    },
    30_000 + RESTARTS * 5_000,
  );

  it('has a job that does not finish named as cut, and another worker finds it', async () => {
    const hanging = await startWorker({ hangs: true, gracePeriodMs: 3_000 });
    const [id] = await send(1, 0);
    await hanging.event('begun');
    const { code, report } = await terminate(hanging);
    expect({ code, status: report.status }).toEqual({ code: 1, status: 'failed' });
    expect(report.cuts).toEqual([expect.objectContaining({ kind: 'job', name: id, phase: 'drain' })]);
    const other = await startWorker();
    await other.event('done', (event) => event['id'] === id);
    expect((await terminate(other)).code).toBe(0);
  });
});
