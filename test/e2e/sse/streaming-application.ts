import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Get, Module, Res, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { interval, map, Observable, startWith, take } from 'rxjs';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { GracefulShutdownModule } from '../../../src/nest/graceful-shutdown.module.js';
import { ShutdownStream } from '../../../src/nest/decorators/shutdown-stream.decorator.js';
import { RawClient } from '../../support/http/raw-client.js';
import type { Adapter } from '../http/served-application.js';
import type { INestApplication } from '@nestjs/common';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';
import type { ShutdownReasonKind } from '../../../src/core/reason.js';
import type { ShutdownReport } from '../../../src/core/report.js';

/** An application with event streams of every kind, and what became of their sources. */
export class StreamingApplication {
  readonly coordinator: PhasedCoordinator;
  /** Routes whose observable has been unsubscribed from. */
  readonly unsubscribed: readonly string[];
  readonly #app: INestApplication;
  readonly #clients: RawClient[] = [];

  private constructor(app: INestApplication, unsubscribed: readonly string[]) {
    this.#app = app;
    this.unsubscribed = unsubscribed;
    this.coordinator = app.get(PhasedCoordinator);
  }

  static async start(adapter: Adapter, options: GracefulShutdownOptions = {}): Promise<StreamingApplication> {
    const unsubscribed: string[] = [];
    /** Never ends, and ignores that the client has disconnected. */
    const ticks = (route: string): Observable<{ data: string }> =>
      new Observable((subscriber) => {
        const timer = setInterval(() => subscriber.next({ data: 'tick' }), 1);
        return () => {
          clearInterval(timer);
          unsubscribed.push(route);
        };
      });

    @Controller()
    class StreamsController {
      @Sse('ticks')
      ticks(): Observable<{ data: string }> {
        return ticks('ticks');
      }

      @Sse('silent')
      silent(): Observable<never> {
        return new Observable(() => () => void unsubscribed.push('silent'));
      }

      @Get('by-hand')
      async byHand(@Res() reply: Reply): Promise<void> {
        const response = reply.raw ?? reply;
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        while (!response.closed) {
          response.write('data: tick\n\n');
          await delay(1);
        }
      }

      @Get('decorated')
      @ShutdownStream()
      decorated(@Res() reply: Reply): void {
        const response = reply.raw ?? reply;
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('data: tick\n\n');
      }

      @ShutdownStream({ policy: 'finish' })
      @Sse('finite')
      finite(): Observable<{ data: string }> {
        const ended = new Observable<void>((subscriber) => {
          void shuttingDown().then(() => subscriber.next());
        });
        return ended.pipe(
          take(1),
          map(() => ({ data: 'the last one' })),
          startWith({ data: 'tick' }),
        );
      }

      @Sse('limited')
      @ShutdownStream({ policy: 'finish', maxMs: 50 })
      limited(): Observable<{ data: string }> {
        return interval(1).pipe(map(() => ({ data: 'tick' })));
      }
    }

    @Module({
      // With a delay that is set, if only to 0, the listener stays open as in production.
      imports: [
        GracefulShutdownModule.forRoot({ exit: false, logProgress: false, announceDelayMs: 0, ...options }),
      ],
      controllers: [StreamsController],
    })
    class AppModule {}

    const app = await NestFactory.create(AppModule, adapter.create(), { logger: false });
    const shuttingDown = () => app.get(PhasedCoordinator).entered('drain');
    await app.listen(0, '127.0.0.1');
    return new StreamingApplication(app, unsubscribed);
  }

  /** A client that has got the header of its stream, and what it says first. */
  async listen(route: string, text = 'data: tick\n\n'): Promise<RawClient> {
    const { port } = (this.#app.getHttpServer() as Server).address() as AddressInfo;
    const client = await RawClient.connect(port);
    this.#clients.push(client);
    await client.get(`/${route}`).until(text);
    return client;
  }

  shutdown(kind: ShutdownReasonKind = 'signal'): Promise<ShutdownReport> {
    return this.coordinator.shutdown({ kind });
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.socket.destroy();
    await this.#app.close();
  }
}

/** Express' response, or what Fastify wraps around it. */
type Reply = ServerResponse & { readonly raw?: ServerResponse };
