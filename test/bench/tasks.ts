import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BackgroundTasks, GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import PQueue from 'p-queue';
import { median, quartiles } from './statistics.js';
import type { Figure } from './figure.js';

const TASKS = 10_000;
const ROUNDS = 31;
const PROMISED_US = 5;
const DRAINS = 7;
const LONGEST_TASK_MS = 300;
const PROMISED_MS = 50;

@Module({ imports: [GracefulShutdownModule] })
class AppModule {}

/** What tracking costs a task, and how soon the drain is over when the last one has ended. */
export async function measure(): Promise<readonly Figure[]> {
  return [...(await costOfRun()), await timeToTheEndOfTheDrain()];
}

async function costOfRun(): Promise<readonly Figure[]> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
  const tasks = app.get(BackgroundTasks);
  const queue = new PQueue({ concurrency: Infinity });
  const work = async (): Promise<void> => {
    await Promise.resolve();
  };
  const ways = {
    bare: work,
    run: () => tasks.run('task', work),
    queue: () => queue.add(work),
  };
  const costs: Record<keyof typeof ways, number[]> = { bare: [], run: [], queue: [] };
  for (let round = -5; round < ROUNDS; round += 1) {
    for (const way of ['bare', 'run', 'queue'] as const) {
      const microseconds = await costOf(ways[way]);
      if (round >= 0) costs[way].push(microseconds);
    }
  }
  await app.close();
  const more = costs.run.map((cost, round) => cost - costs.bare[round]!);
  const [lower, upper] = quartiles(more).map((cost) => cost.toFixed(2));
  const ratio = (one: number[], other: number[]): string =>
    median(one.map((cost, round) => cost / other[round]!)).toFixed(2);
  return [
    {
      what: `run, ${TASKS} tasks at a time`,
      measured: `${median(more).toFixed(2)} µs more than the call (half of the rounds ${lower} to ${upper}); ${ROUNDS} rounds`,
      promised: `under ${PROMISED_US} µs`,
      isKept: median(more) < PROMISED_US,
    },
    {
      what: 'run, as a ratio',
      measured: `${ratio(costs.run, costs.bare)} of a bare call, which takes ${median(costs.bare).toFixed(2)} µs; ${ratio(costs.run, costs.queue)} of p-queue`,
    },
  ];
}

/** In microseconds for each task. */
async function costOf(begin: () => Promise<unknown>): Promise<number> {
  const results: Promise<unknown>[] = [];
  const startedAt = process.hrtime.bigint();
  for (let task = 0; task < TASKS; task += 1) results.push(begin());
  await Promise.all(results);
  return Number(process.hrtime.bigint() - startedAt) / 1_000 / TASKS;
}

async function timeToTheEndOfTheDrain(): Promise<Figure> {
  const times: number[] = [];
  for (let drain = 0; drain < DRAINS; drain += 1) {
    const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
    const tasks = app.get(BackgroundTasks);
    let lastEndedAt = 0;
    const work = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_TASK_MS));
      lastEndedAt = performance.now();
    };
    for (let task = 0; task < TASKS; task += 1) void tasks.run('task', work);
    const drained = new Promise<number>((resolve) => {
      app.get(ShutdownCoordinator).observe((event) => {
        if (event.type === 'phase-left' && event.phase === 'drain') resolve(performance.now());
      });
    });
    const closed = app.close();
    times.push((await drained) - lastEndedAt);
    await closed;
  }
  return {
    what: `last of ${TASKS} tasks to the end of the drain`,
    measured: `${median(times).toFixed(2)} ms, at most ${Math.max(...times).toFixed(2)} ms; ${DRAINS} drains`,
    promised: `within ${PROMISED_MS} ms`,
    isKept: Math.max(...times) <= PROMISED_MS,
  };
}
