import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ShutdownCoordinator } from '../../../src/core/shutdown-coordinator.js';
import { enableGracefulShutdown } from '../../../src/nest/enable-graceful-shutdown.js';
import { GracefulShutdownModule } from '../../../src/nest/graceful-shutdown.module.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, ask, KEY } from './health-application.js';
import type { INestApplication } from '@nestjs/common';
import type { AddressInfo } from 'node:net';
import type { Answer } from './health-application.js';

@Controller()
class OwnRoutes {
  @Get('own/ready')
  ready(): string {
    return 'ready';
  }

  @Get('own/live')
  live(): string {
    return 'alive';
  }

  @Get('orders')
  orders(): string {
    return 'orders';
  }

  @Get('slow')
  slow(): Promise<string> {
    onSlow.asked();
    return onSlow.answer;
  }
}

/** Of the slow request of the test that is running: when it arrives, and when it is answered. */
const onSlow = {
  asked: (): void => {},
  answer: Promise.resolve(''),
};

const bearer = { authorization: `Bearer ${KEY}` };

describe.each(ADAPTERS)('the routes of a whole application on $name', (adapter) => {
  let app: INestApplication;
  const exitCodes: number[] = [];

  async function start(): Promise<(method: string, path: string) => Promise<Answer>> {
    @Module({
      imports: [
        GracefulShutdownModule.forRoot({
          drainAuthKey: KEY,
          announceDelayMs: 0,
          health: { readinessPaths: ['/own/ready'], livenessPaths: ['/own/live'] },
          exit: (code) => void exitCodes.push(code),
        }),
      ],
      controllers: [OwnRoutes],
    })
    class AppModule {}
    app = enableGracefulShutdown(await NestFactory.create(AppModule, adapter.create(), { logger: false }));
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    return (method, path) => ask(port, method, path, { headers: bearer });
  }

  afterEach(async () => {
    await app.close();
    exitCodes.length = 0;
    process.env['NODE_ENV'] = 'test';
  });
  guardAgainstLeaks();

  it('fall for a drain, and come back when it is undone', async () => {
    const request = await start();
    const statuses = async (): Promise<number[]> => {
      const paths = ['/readyz', '/own/ready', '/healthz', '/own/live', '/orders'];
      return Promise.all(paths.map(async (path) => (await request('GET', path)).status));
    };
    expect(await statuses()).toEqual([200, 200, 200, 200, 200]);
    expect((await request('POST', '/drain')).status).toBe(202);
    expect(await statuses()).toEqual([503, 503, 200, 200, 200]);
    expect((await request('DELETE', '/drain')).status).toBe(200);
    expect(await statuses()).toEqual([200, 200, 200, 200, 200]);
  });

  it('answer while a request is drained, when others are refused', async () => {
    const request = await start();
    const statuses: Record<string, number> = {};
    let answerSlow!: (text: string) => void;
    onSlow.answer = new Promise((resolve) => (answerSlow = resolve));
    const isAsked = new Promise<void>((resolve) => (onSlow.asked = resolve));
    const slow = request('GET', '/slow');
    await isAsked;
    app.get(ShutdownCoordinator).register({
      name: 'probes',
      drain: async () => {
        for (const path of ['/readyz', '/own/ready', '/healthz', '/own/live', '/orders']) {
          statuses[path] = (await request('GET', path)).status;
        }
        statuses['POST /drain'] = (await request('POST', '/drain')).status;
        answerSlow('done');
      },
    });
    await app.close();
    expect((await slow).text).toBe('done');
    expect(statuses).toEqual({
      '/readyz': 503,
      '/own/ready': 503,
      '/healthz': 200,
      '/own/live': 200,
      '/orders': 503,
      'POST /drain': 409,
    });
  });

  it('end the process on a developer’s request', async () => {
    process.env['NODE_ENV'] = 'development';
    const request = await start();
    expect((await request('POST', '/_internal/shutdown')).status).toBe(202);
    await app.close();
    expect(exitCodes).toEqual([0]);
  });
});
