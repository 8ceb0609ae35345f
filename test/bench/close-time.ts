import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { GracefulShutdownModule } from 'nestjs-drain';
import { median } from './statistics.js';
import type { OnApplicationShutdown, OnModuleDestroy, Type } from '@nestjs/common';
import type { Figure } from './figure.js';

const PAIRS = 30;
const WARM_UP_PAIRS = 3;
const PROMISED_MS = 5;

@Controller()
class PingController {
  @Get('ping')
  ping(): string {
    return 'pong';
  }
}

@Injectable()
class Store implements OnModuleDestroy, OnApplicationShutdown {
  onModuleDestroy(): void {}
  async onApplicationShutdown(): Promise<void> {}
}

const PARTS = { controllers: [PingController], providers: [Store] };

@Module(PARTS)
class BareModule {}

@Module({ ...PARTS, imports: [GracefulShutdownModule] })
class DrainingModule {}

const PLATFORMS = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
};

/** What `app.close()` takes at the end of a test, with this package and without. */
export async function measure(): Promise<readonly Figure[]> {
  return [await compare('Express'), await compare('Fastify')];
}

async function compare(platform: keyof typeof PLATFORMS): Promise<Figure> {
  const bare: number[] = [];
  const draining: number[] = [];
  for (let pair = -WARM_UP_PAIRS; pair < PAIRS; pair += 1) {
    const [without, within] = [
      await closeTime(BareModule, platform),
      await closeTime(DrainingModule, platform),
    ];
    if (pair < 0) continue;
    bare.push(without);
    draining.push(within);
  }
  const more = median(draining) - median(bare);
  return {
    what: `app.close() in a test, ${platform}`,
    measured:
      `${median(draining).toFixed(2)} ms, bare Nest ${median(bare).toFixed(2)} ms: ` +
      `${more.toFixed(2)} ms more; ${PAIRS} pairs`,
    promised: `within ${PROMISED_MS} ms`,
    isKept: more <= PROMISED_MS,
  };
}

/** Closes an application that has answered a request, whose connection the client has kept open. */
async function closeTime(module: Type, platform: keyof typeof PLATFORMS): Promise<number> {
  const app = await NestFactory.create(module, PLATFORMS[platform](), { logger: false });
  await app.listen(0, '127.0.0.1');
  await (await fetch(`${await app.getUrl()}/ping`)).text();
  const begun = performance.now();
  await app.close();
  return performance.now() - begun;
}
