import { isDeepStrictEqual } from 'node:util';
import {
  Controller,
  Get,
  Global,
  Injectable,
  Module,
  Post,
  Query,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { enableGracefulShutdown, GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import { tell } from '../support/process/tell.js';
import { monotonicMs } from './monotonic.js';
import { LAST_EVENT } from './plan.js';
import type { ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { INestApplication, OnModuleDestroy, Type } from '@nestjs/common';
import type { ShutdownParticipant } from 'nestjs-drain';
import type { Behaviour, ChaosPlan, Method, ParticipantPlan, ProviderPlan, WorkingRoute } from './plan.js';

const plan = JSON.parse(process.env['CHAOS'] ?? '{}') as ChaosPlan;

function note(event: string, details: Readonly<Record<string, unknown>> = {}): void {
  tell(event, { at: monotonicMs(), ...details });
}

function breakDown(): void {
  note('fatal');
  throw new Error('nobody catches this');
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

function behave(behaviour: Behaviour, coordinator: ShutdownCoordinator): unknown {
  switch (behaviour.does) {
    case 'returns':
      return undefined;
    case 'throws':
      throw new Error('thrown on purpose');
    case 'rejects':
      return Promise.reject(new Error('rejected on purpose'));
    case 'hangs':
      return new Promise(() => undefined);
    case 'leaves a timer':
      setInterval(() => undefined, 50);
      return undefined;
    case 'takes':
      return pause(behaviour.ms);
    case 'blocks':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, behaviour.ms);
      return undefined;
    case 'blocks for ever':
      note('blocked');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      return undefined;
    case 'asks for a shutdown':
      void coordinator.shutdown('asked for by a participant');
      return undefined;
    case 'awaits a shutdown':
      return coordinator.shutdown('awaited by a participant');
    case 'sends':
      note('signal', { signal: behaviour.signal });
      process.kill(process.pid, behaviour.signal);
      return undefined;
    case 'breaks down':
      setTimeout(breakDown, 5);
      return undefined;
  }
}

@Injectable()
class Store implements OnModuleDestroy {
  isOpen = true;

  onModuleDestroy(): void {
    note('call', { who: 'Store', method: 'onModuleDestroy' });
    this.isOpen = false;
  }
}

/** What `@Res()` injects on Express and on Fastify. */
type Reply = ServerResponse & { readonly raw?: ServerResponse; hijack?(): void };

function rawResponseOf(reply: Reply): ServerResponse {
  reply.hijack?.();
  return reply.raw ?? reply;
}

@Controller()
class StoreController {
  constructor(private readonly store: Store) {}

  @Get('work')
  async work(@Query('id') id: string, @Query('ms') ms: string): Promise<{ id: string }> {
    await this.#work(id, 'GET /work', Number(ms));
    if (!this.store.isOpen) throw new Error(`request ${id} found the store closed`);
    return { id };
  }

  @Post('payments')
  async pay(@Query('id') id: string, @Query('ms') ms: string): Promise<{ id: string }> {
    const work = this.#work(id, 'POST /payments', Number(ms));
    if (plan.sabotage !== 'does not await its work') await work;
    return { id };
  }

  /** Sends the first part of its answer before the work. */
  @Get('reports')
  async report(@Query('id') id: string, @Query('ms') ms: string, @Res() reply: Reply): Promise<void> {
    const response = rawResponseOf(reply);
    response.write('{');
    await this.#work(id, 'GET /reports', Number(ms));
    response.end(`"id":"${id}"}`);
  }

  /** Streams its answer, as a language model does. */
  @Post('answers')
  async answer(@Query('id') id: string, @Query('ms') ms: string, @Res() reply: Reply): Promise<void> {
    const response = rawResponseOf(reply);
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const words = setInterval(() => response.write('data: word\n\n'), 10);
    await this.#work(id, 'POST /answers', Number(ms));
    clearInterval(words);
    response.end(LAST_EVENT);
  }

  /** Works for a request, and notes when that begins and ends, whatever becomes of the client. */
  async #work(id: string, route: WorkingRoute, durationMs: number): Promise<void> {
    note('accepted', { id, route });
    await pause(durationMs);
    note('ended', { id, isStoreOpen: this.store.isOpen });
  }

  @Get('download')
  download(@Query('id') id: string, @Query('bytes') bytes: string): StreamableFile {
    note('accepted', { id, route: 'GET /download' });
    return new StreamableFile(Buffer.alloc(Number(bytes), 'x'));
  }

  @Post('upload')
  upload(@Query('id') id: string): { id: string } {
    return { id };
  }
}

function providerOf({ name, hooks }: ProviderPlan): Type {
  class Provider {
    constructor(coordinator: ShutdownCoordinator) {
      for (const [hook, behaviour] of Object.entries(hooks)) {
        const value = (): unknown => {
          note('call', { who: name, method: hook });
          return behave(behaviour, coordinator);
        };
        Object.defineProperty(this, hook, { value, configurable: true, writable: true });
      }
    }
  }
  Object.defineProperty(Provider, 'name', { value: name });
  Reflect.defineMetadata('design:paramtypes', [ShutdownCoordinator], Provider);
  Injectable()(Provider);
  return Provider;
}

function participantOf(
  { name, methods, busyDrains }: ParticipantPlan,
  coordinator: ShutdownCoordinator,
): ShutdownParticipant {
  let left = busyDrains;
  const methodOf = (method: Method, behaviour: Behaviour) => async (): Promise<void> => {
    note('call', { who: name, method });
    if (method === 'drain') left -= 1;
    await behave(behaviour, coordinator);
  };
  const made = Object.entries(methods).map(([method, behaviour]) => [
    method,
    methodOf(method as Method, behaviour),
  ]);
  return {
    name,
    ...(Object.fromEntries(made) as Partial<ShutdownParticipant>),
    ...(busyDrains > 0 && { inFlight: () => Math.max(0, left) }),
  };
}

function register(coordinator: ShutdownCoordinator): void {
  coordinator.observe((event) => {
    if (event.type === 'terminating') note('terminating', { reason: event.reason.kind });
    if (event.type === 'phase-entered') note('phase', { phase: event.phase });
    if (event.type === 'forced') note('forced', { by: event.by });
    if (event.type === 'resumed') note('resumed');
    if (event.type === 'finished') {
      const { report } = event;
      const isPlain = isDeepStrictEqual(JSON.parse(JSON.stringify(report)), report);
      note('report', { report, isPlain });
    }
  });
  for (const participant of plan.participants) {
    const { priority, timeoutMs } = participant;
    coordinator.register(participantOf(participant, coordinator), {
      priority,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
  }
}

function providersIn(module: ProviderPlan['module']): Type[] {
  return plan.providers.filter((provider) => provider.module === module).map(providerOf);
}

@Module({ providers: providersIn('feature') })
class FeatureModule {}

@Global()
@Module({ providers: providersIn('global') })
class GlobalModule {}

@Module({
  imports: [
    GracefulShutdownModule.forRoot({
      ...plan.options,
      ...(plan.sabotage === 'destroys first' && { hooks: 'native' as const }),
      ...(plan.sabotage === 'ignores the deadline' && { forceAfterTimeout: false }),
    }),
    FeatureModule,
    GlobalModule,
  ],
  controllers: [StoreController],
  providers: [Store, ...providersIn('root')],
})
class ApplicationModule {
  constructor(coordinator: ShutdownCoordinator) {
    register(coordinator);
  }
}

function sabotage(app: INestApplication): void {
  const coordinator = app.get(ShutdownCoordinator);
  const open = new Set<Socket>();
  switch (plan.sabotage) {
    case 'exits early':
      coordinator.register({ name: 'saboteur', quiesce: () => process.exit(0) });
      return;
    case 'ignores the deadline':
      coordinator.register({ name: 'saboteur', flush: () => pause(60_000) });
      return;
    case 'resets clients':
      (app.getHttpServer() as Server).on('connection', (socket: Socket) => {
        open.add(socket);
        socket.once('close', () => open.delete(socket));
      });
      coordinator.register({ name: 'saboteur', announce: () => open.forEach((socket) => socket.destroy()) });
      return;
    case 'keeps its port': {
      const server = app.getHttpServer() as Server;
      const close = server.close.bind(server);
      // Nest passes a callback, and waits for it.
      server.close = (callback) => (callback ? close(callback) : server);
      return;
    }
    case 'destroys first':
    case 'does not await its work':
    case undefined:
  }
}

const settings = { logger: ['log' as const, 'warn' as const, 'error' as const], abortOnError: false };
const app: INestApplication =
  plan.platform === 'fastify'
    ? await NestFactory.create(ApplicationModule, new FastifyAdapter(), settings)
    : await NestFactory.create(ApplicationModule, settings);
if (plan.line === 'enable') enableGracefulShutdown(app);
else app.enableShutdownHooks();
sabotage(app);
process.on('SIGIO', () => void app.close().then(() => note('closed')));
process.on('SIGPWR', breakDown);
await app.listen(0, '127.0.0.1');
note('listening', { port: Number(new URL(await app.getUrl()).port), pid: process.pid });
