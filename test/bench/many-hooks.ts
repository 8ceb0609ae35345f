import { NestFactory } from '@nestjs/core';
import { GracefulShutdownModule } from 'nestjs-drain';
import { median } from './statistics.js';
import type {
  BeforeApplicationShutdown,
  DynamicModule,
  OnApplicationShutdown,
  OnModuleDestroy,
  Type,
} from '@nestjs/common';
import type { Figure } from './figure.js';

const PROVIDERS = 2_000;
const PAIRS = 15;
const WARM_UP_PAIRS = 3;
const PROMISED_RATIO = 3;

class Hooked implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
  async onModuleDestroy(): Promise<void> {}
  async beforeApplicationShutdown(): Promise<void> {}
  async onApplicationShutdown(): Promise<void> {}
}

class RootModule {}

/** What closing an application with thousands of hooks takes, with this package and without. */
export async function measure(): Promise<readonly Figure[]> {
  const bare: number[] = [];
  const draining: number[] = [];
  for (let pair = -WARM_UP_PAIRS; pair < PAIRS; pair += 1) {
    const [without, within] = [await closeTime([]), await closeTime([GracefulShutdownModule])];
    if (pair < 0) continue;
    bare.push(without);
    draining.push(within);
  }
  const ratio = median(draining) / median(bare);
  return [
    {
      what: `app.close() of ${PROVIDERS} providers with three asynchronous hooks each`,
      measured:
        `${median(draining).toFixed(1)} ms, bare Nest ${median(bare).toFixed(1)} ms: ` +
        `${ratio.toFixed(2)} times; ${PAIRS} pairs`,
      promised: `under ${PROMISED_RATIO} times`,
      isKept: ratio < PROMISED_RATIO,
    },
  ];
}

async function closeTime(imports: Type[]): Promise<number> {
  const providers = Array.from({ length: PROVIDERS }, (_, index) => ({
    provide: `provider ${index}`,
    useFactory: () => new Hooked(),
  }));
  const root: DynamicModule = { module: RootModule, imports, providers };
  const app = await NestFactory.createApplicationContext(root, { logger: false });
  const begun = performance.now();
  await app.close();
  return performance.now() - begun;
}
