import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { GracefulShutdownModule } from '../../../src/nest/graceful-shutdown.module.js';
import { deferred } from '../../../src/util/deferred.js';
import { launchBrowser } from '../../support/browser.js';
import { ADAPTERS } from './served-application.js';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'puppeteer-core';
import type { INestApplication } from '@nestjs/common';
import type { Adapter } from './served-application.js';

@Controller('orders')
class OrdersController {
  @Post()
  order(): string {
    return 'ordered';
  }
}

@Module({
  imports: [GracefulShutdownModule.forRoot({ exit: false, logProgress: false, announceDelayMs: 0 })],
  controllers: [OrdersController],
})
class ShopModule {}

describe.each(ADAPTERS)('a page of another origin, with an API on $name that shuts down,', (adapter) => {
  let browser: Browser;
  let shop: Server;
  let page: Page;
  let app: INestApplication;
  const end = deferred<void>();

  beforeAll(async () => {
    browser = await launchBrowser();
    shop = createServer((_request, response) => void response.end('a shop')).listen(0, '127.0.0.1');
    await once(shop, 'listening');
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(shop.address() as AddressInfo).port}`);
  });

  afterEach(async () => {
    end.resolve();
    await app.close();
  });

  afterAll(async () => {
    await browser.close();
    shop.close();
  });

  it('sees the 503 and how long to wait, not an error of CORS', async () => {
    app = await NestFactory.create(ShopModule, (adapter as Adapter).create(), { logger: false });
    app.enableCors({ origin: (await page.evaluate('origin')) as string, exposedHeaders: ['Retry-After'] });
    await app.listen(0, '127.0.0.1');
    const url = `http://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}/orders`;
    const coordinator = app.get(PhasedCoordinator);
    coordinator.register({ name: 'the test', drain: () => end.promise });
    // Its content type makes the browser send a preflight.
    const order = () =>
      page.evaluate(`
        fetch('${url}', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }).then(
          async (answer) => [answer.status, answer.headers.get('retry-after'), (await answer.text()).slice(0, 40)],
          String,
        )`);
    expect(await order()).toEqual([201, null, 'ordered']);
    void coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await coordinator.entered('drain');
    expect(await order()).toEqual([503, '1', expect.stringContaining('"statusCode":503')]);
  });
});
