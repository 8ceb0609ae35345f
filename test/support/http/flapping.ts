import { once, type EventEmitter } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Module, Res, Sse, type INestApplication } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import { Subject } from 'rxjs';
import { WebSocket } from 'ws';
import { eventually } from './eventually.js';
import { RawClient } from './raw-client.js';

/** Node's response, or Fastify's wrapper around it. */
type AnyResponse = ServerResponse & { readonly raw?: ServerResponse; hijack?(): void };

const held: ServerResponse[] = [];
const events = new Subject<{ data: string }>();
const sockets: EventEmitter[] = [];

@Controller()
class Handlers {
  @Get('held')
  hold(@Res() response: AnyResponse): void {
    response.hijack?.();
    held.push(response.raw ?? response);
  }

  @Get('half')
  half(@Res() response: AnyResponse): void {
    this.hold(response);
    held.at(-1)!.write('half');
  }

  @Sse('events')
  stream(): Subject<{ data: string }> {
    return events;
  }

  @Get('answered')
  answer(): string {
    return 'answered';
  }
}

@WebSocketGateway({ path: '/ws' })
class Gateway {
  handleConnection(socket: EventEmitter): void {
    sockets.push(socket);
  }
}

@Module({
  controllers: [Handlers],
  providers: [Gateway],
  imports: [GracefulShutdownModule.forRoot({ exit: false })],
})
class FlappingModule {}

/** What there is to find on objects of Node: their listeners, and their own properties. */
type Traces = Readonly<Record<string, unknown>>;

/** An application with responses, an event stream and sockets in flight, which announces and resumes. */
export class FlappingApplication {
  readonly #app: INestApplication;
  readonly #coordinator: ShutdownCoordinator;
  readonly #clients: readonly RawClient[];
  readonly #webSocket: WebSocket;
  readonly #observed: ReadonlyMap<string, EventEmitter>;

  private constructor(
    app: INestApplication,
    clients: readonly RawClient[],
    webSocket: WebSocket,
    observed: ReadonlyMap<string, EventEmitter>,
  ) {
    this.#app = app;
    this.#coordinator = app.get(ShutdownCoordinator);
    this.#clients = clients;
    this.#webSocket = webSocket;
    this.#observed = observed;
  }

  static async start(adapter: AbstractHttpAdapter): Promise<FlappingApplication> {
    held.length = sockets.length = 0;
    const app = await NestFactory.create(FlappingModule, adapter, { logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer() as Server;
    // Many flaps take longer than that.
    server.keepAliveTimeout = 0;
    const { port } = server.address() as AddressInfo;
    const observed = new Map<string, EventEmitter>([
      ['process', process],
      ['server', server],
    ]);
    server.on('connection', (socket) => observed.set(`connection ${observed.size}`, socket));
    server.on('request', ({ url }, response) => observed.set(`response to ${url}`, response));

    const clients: RawClient[] = [];
    for (const path of ['/held', '/half', '/events', '/answered']) {
      clients.push((await RawClient.connect(port)).get(path));
    }
    const [, half, stream, answered] = clients;
    await Promise.all([half!.until('half'), stream!.until('\r\n\r\n'), answered!.until('answered')]);
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    await once(webSocket, 'open');
    await eventually(() => held.length === 2 && sockets.length === 1);
    observed.set('WebSocket', sockets[0]!);
    return new FlappingApplication(app, clients, webSocket, observed);
  }

  /** Announces and resumes. */
  async flap(times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      this.#coordinator.announce();
      await this.#coordinator.resume();
    }
  }

  /** The listeners and own properties of everything in flight. */
  traces(): Traces {
    return Object.fromEntries(
      [...this.#observed].map(([name, emitter]) => [
        name,
        {
          listeners: emitter.eventNames().map((event) => `${emitter.listenerCount(event)} ${String(event)}`),
          own: Reflect.ownKeys(emitter).map(String),
        },
      ]),
    );
  }

  /** What the clients have received. */
  get received(): string[] {
    return this.#clients.map(({ received }) => received.replaceAll(/^Date: .*$/gm, 'Date: now'));
  }

  /** Answers what is in flight, and returns the last that each client receives; then closes. */
  async finish(): Promise<string[]> {
    for (const response of held) response.end('finished');
    events.next({ data: 'finished' });
    this.#clients.at(-1)!.get('/answered?again');
    const message = once(this.#webSocket, 'message') as Promise<[Buffer]>;
    (sockets[0] as WebSocket).send('finished');
    await Promise.all(
      this.#clients.slice(0, 3).map(async (client) => {
        await client.until('finished');
      }),
    );
    await this.#clients.at(-1)!.untilResponses(2);
    const last = [...this.received, (await message)[0].toString()];
    this.#webSocket.close();
    await once(this.#webSocket, 'close');
    for (const { socket } of this.#clients) socket.destroy();
    await this.#app.close();
    return last;
  }
}
