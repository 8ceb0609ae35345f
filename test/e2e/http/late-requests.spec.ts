import { connect, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Res,
  type INestApplication,
  type OnModuleDestroy,
} from '@nestjs/common';
import { deferred, type Deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, coordinatorOf, createHttp, reportOf } from '../nest/applications.js';
import { entered, leave, Work } from './held-work.js';
import type { ServerResponse } from 'node:http';
import type { GracefulShutdownOptions } from 'nestjs-drain';

const MORE_THAN_BUFFERS_HOLD = 50_000_000;

afterEach(closeAll);
guardAgainstLeaks();

let work: Work;
let destroyed: Deferred<void>;
beforeEach(() => {
  work = new Work();
  destroyed = deferred();
});

@Injectable()
class Store implements OnModuleDestroy {
  onModuleDestroy(): void {
    work.journal.push('destroyed');
    destroyed.resolve();
  }
}

/** Express' response, or Fastify's reply. */
type AnyResponse = ServerResponse & { readonly raw?: ServerResponse; hijack?(): void };

@Controller()
class LateController {
  @Get('orders/:id')
  async order(): Promise<object> {
    await work.run('order');
    return { ok: true };
  }

  @Get('export')
  async export(@Res() response: AnyResponse): Promise<void> {
    response.hijack?.();
    (response.raw ?? response).write(Buffer.alloc(MORE_THAN_BUFFERS_HOLD));
    await work.run('export');
  }
}

describe.each(ADAPTERS)('on $adapter, a late request that is served', ({ create }) => {
  let app: INestApplication;
  let closed: Promise<void>;
  let drain: Deferred<void>;

  /** Starts the application, and shuts it down until its drain waits for the test. */
  async function draining(options: GracefulShutdownOptions): Promise<void> {
    drain = deferred();
    app = await createHttp(
      {
        controllers: [LateController],
        providers: [Store],
        options: { announceDelayMs: 0, lateRequests: 'serve', ...options },
      },
      { create },
    );
    await app.listen(0, '127.0.0.1');
    coordinatorOf(app).register({ name: 'the test', drain: () => drain.promise });
    closed = app.close();
    await entered(app, 'drain');
  }

  /** Returns once the handler is running. */
  async function beginOrder(): Promise<{ readonly answer: Promise<Response> }> {
    const answer = fetch(`${await app.getUrl()}/orders/7`, { headers: { connection: 'close' } });
    await work.started.promise;
    return { answer };
  }

  it('is answered before anything is destroyed', async () => {
    await draining({ gracePeriodMs: 4_000 });
    const { answer } = await beginOrder();

    drain.resolve();
    await entered(app, 'release');
    work.finish.resolve();
    await closed;

    expect((await answer).status).toBe(200);
    expect(work.journal).toEqual(['order', 'destroyed']);
    expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('is named, and the shutdown has failed, if what it uses is destroyed before it is answered', async () => {
    await draining({ gracePeriodMs: 5_000, participantTimeoutMs: 100 });
    const { answer } = await beginOrder();

    drain.resolve();
    await destroyed.promise;
    work.finish.resolve();
    await closed;

    expect((await answer).status).toBe(200);
    expect(work.journal).toEqual(['destroyed', 'order']);
    expectFailed('late requests', 'GET /orders/:id');
  });

  it('is named, and the shutdown has failed, if what its handler uses is destroyed once its client has gone', async () => {
    await draining({ gracePeriodMs: 5_000, participantTimeoutMs: 100 });
    await leave(app, work, 'GET /orders/7');

    drain.resolve();
    await destroyed.promise;
    work.finish.resolve();
    await closed;

    expect(work.journal).toEqual(['destroyed', 'order']);
    expectFailed('handlers of late requests', 'GET /orders/');
  });

  it('is named once if it is cut because its client has stalled, while its handler goes on', async () => {
    await draining({ gracePeriodMs: 8_000, drainTimeoutMs: 400 });
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    const client = connect(port, '127.0.0.1').pause();
    client.on('error', () => {});
    client.write('GET /export HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await work.started.promise;

    drain.resolve();
    await closed;
    client.destroy();

    expect(reportOf(app)).toMatchObject({ status: 'failed' });
    expect(reportOf(app).cuts).toMatchObject([
      { kind: 'stalled request', name: 'GET /export', phase: 'release', participant: 'HTTP server' },
    ]);
    work.finish.resolve();
  });

  function expectFailed(name: string, request: string): void {
    const { status, participants, cuts } = reportOf(app);
    expect({ status, cuts }).toEqual({ status: 'failed', cuts: [] });
    expect(participants.filter(({ outcome }) => outcome !== 'completed')).toMatchObject([
      {
        name,
        phase: 'release',
        outcome: 'failed',
        overtakenMs: expect.any(Number),
        error: expect.stringContaining(`may have destroyed what they use: ${request}`),
      },
    ]);
  }
});
