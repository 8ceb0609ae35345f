import { Readable } from 'node:stream';
import { Controller, Get, Module, Param, Post, Req, Sse, StreamableFile } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Observable } from 'rxjs';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { GracefulShutdownModule } from '../../../src/nest/graceful-shutdown.module.js';
import { eventually } from '../../support/http/eventually.js';
import { RawClient } from '../../support/http/raw-client.js';
import { MANY_BYTES } from '../../support/http/sample-routes.js';
import type { INestApplication } from '@nestjs/common';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';
import type { ShutdownPhase } from '../../../src/core/phase.js';
import type { ShutdownReport } from '../../../src/core/report.js';

/** The adapters that every test is run on, each with an option that makes it destroy what is in flight on close. */
export const ADAPTERS = [
  { name: 'Express', create: () => new ExpressAdapter() },
  { name: 'Fastify', create: () => new FastifyAdapter({ forceCloseConnections: true }) },
] as const;
export interface Adapter {
  create(this: void): ExpressAdapter | FastifyAdapter;
}

/** An application with routes that show what becomes of requests. */
export class ServedApplication {
  readonly app: INestApplication;
  readonly coordinator: PhasedCoordinator;
  readonly #held: Held;
  readonly #clients: RawClient[] = [];
  readonly #releases: (() => void)[] = [];

  private constructor(app: INestApplication, held: Held) {
    this.app = app;
    this.coordinator = app.get(PhasedCoordinator);
    this.#held = held;
  }

  static async start(
    adapter: Adapter,
    options: GracefulShutdownOptions = {},
    host = '127.0.0.1',
  ): Promise<ServedApplication> {
    const held = new Held();

    @Controller()
    class RoutesController {
      @Get('quick')
      quick(): { quick: boolean } {
        return { quick: true };
      }

      @Get('held')
      async held(): Promise<string> {
        await held.next();
        return 'done';
      }

      @Get('orders/:id/items/:item')
      async item(@Param('id') id: string): Promise<string> {
        await held.next();
        return id;
      }

      @Get('parts')
      parts(): StreamableFile {
        return new StreamableFile(Readable.from(inTwoParts(held)));
      }

      @Get('big')
      big(): StreamableFile {
        return new StreamableFile(Buffer.alloc(MANY_BYTES, 'x'));
      }

      @Sse('events')
      events(): Observable<{ data: string }> {
        return new Observable((subscriber) => subscriber.next({ data: 'one' }));
      }

      @Post('upload')
      upload(@Req() request: { body: { text: string } }): string {
        return `${request.body.text.length} characters`;
      }
    }

    @Module({
      // With a delay that is set, if only to 0, the listener stays open as in production.
      imports: [
        GracefulShutdownModule.forRoot({ exit: false, logProgress: false, announceDelayMs: 0, ...options }),
      ],
      controllers: [RoutesController],
    })
    class AppModule {}

    const app = await NestFactory.create(AppModule, adapter.create(), {
      logger: false,
      forceCloseConnections: true,
    });
    await app.listen(0, host);
    return new ServedApplication(app, held);
  }

  get server(): Server {
    return this.app.getHttpServer() as Server;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async connect(host?: string): Promise<RawClient> {
    const client = await RawClient.connect(this.port, host);
    this.#clients.push(client);
    return client;
  }

  /** A connection with a request that waits for {@link release}. */
  async held(host?: string, path = '/held'): Promise<RawClient> {
    const client = await this.connect(host);
    const held = this.nextHeld();
    client.get(path);
    await held;
    return client;
  }

  /** Resolves when one more request waits for {@link release}. */
  nextHeld(): Promise<void> {
    const before = this.#held.count;
    return eventually(() => this.#held.count > before);
  }

  /** Answers what waits. */
  release(): void {
    this.#held.release();
  }

  /** Shuts down as a signal does, and makes a phase last until the end of the test. */
  async stopIn(phase: ShutdownPhase): Promise<void> {
    this.coordinator.register({
      name: 'the test',
      [phase]: () => new Promise<void>((resolve) => this.#releases.push(resolve)),
    });
    void this.shutdown();
    await this.entered(phase);
  }

  entered(phase: ShutdownPhase): Promise<void> {
    return eventually(() => this.coordinator.phase === phase);
  }

  /** Shuts down as a signal does. */
  shutdown(): Promise<ShutdownReport> {
    return this.coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.socket.destroy();
    for (const release of this.#releases) release();
    this.release();
    await this.app.close();
  }
}

async function* inTwoParts(held: Held): AsyncGenerator<string> {
  yield 'one';
  await held.next();
  yield 'two';
}

/** Requests that wait for the test. */
class Held {
  #waiting: (() => void)[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  next(): Promise<void> {
    this.#count += 1;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
