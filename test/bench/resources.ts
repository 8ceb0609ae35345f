import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdownModule, ResourceRegistry, ShutdownCoordinator } from 'nestjs-drain';
import { median } from './statistics.js';
import type { Figure } from './figure.js';

const RESOURCES = 1_000;
const CLOSING_MS = 5;
const ROUNDS = 9;
const PROMISED_MS = 100;

@Module({ imports: [GracefulShutdownModule.forRoot({ exit: false })] })
class AppModule {}

/** How long a thousand resources of one priority take, and what each costs beside its own closing. */
export async function measure(): Promise<readonly Figure[]> {
  const slow = () => new Promise<void>((resolve) => setTimeout(resolve, CLOSING_MS));
  await releaseMs(slow);
  const together = await rounds(slow);
  const atOnce = await rounds(() => undefined);
  const alone = await rounds(() => undefined, 0);
  const perResourceMs = (median(atOnce) - median(alone)) / RESOURCES;
  return [
    {
      what: `release of ${RESOURCES} resources with ${CLOSING_MS} ms closers`,
      measured: `${median(together).toFixed(0)} ms, at most ${Math.max(...together).toFixed(0)} ms in ${ROUNDS} rounds`,
      promised: `under ${PROMISED_MS} ms`,
      isKept: median(together) < PROMISED_MS,
    },
    {
      what: 'per resource, beside its closer',
      measured: `${(perResourceMs * 1_000).toFixed(1)} µs`,
    },
  ];
}

async function rounds(close: () => unknown, resources = RESOURCES): Promise<number[]> {
  const measured: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) measured.push(await releaseMs(close, resources));
  return measured;
}

async function releaseMs(close: () => unknown, count = RESOURCES): Promise<number> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  const resources = app.get(ResourceRegistry);
  for (let made = 0; made < count; made += 1) resources.register(`resource ${made}`, { close });
  await app.close();
  const report = app.get(ShutdownCoordinator).report!;
  if (report.status !== 'completed') throw new Error(`the shutdown was ${report.status}`);
  return report.phases.find(({ phase }) => phase === 'release')!.durationMs;
}
