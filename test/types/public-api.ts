import { Injectable, Module, type INestApplicationContext, type INestMicroservice } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import type {
  HealthCheckService,
  HealthIndicatorResult,
  HealthIndicatorService,
  HealthIndicatorStatus,
  MemoryHealthIndicator,
  TypeOrmHealthIndicator,
} from '@nestjs/terminus';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  BackgroundTasks,
  enableGracefulShutdown,
  GracefulShutdownModule,
  LifetimeEvent,
  OnShutdown,
  ResourceRegistry,
  ShutdownCoordinator,
  ShutdownError,
  ShutdownResource,
  ShuttingDownError,
  TrackTask,
  type Deadline,
  type GracefulShutdownOptions,
  type HealthOptions,
  type LateResponseOptions,
  type ManagementOptions,
  type ParticipantOptions,
  type ReadinessIndicator,
  type ReportOptions,
  type ResourceOptions,
  type RoundOptions,
  type ShutdownContext,
  type ShutdownParticipant,
  type ShutdownPhase,
  type ShutdownReport,
  type ShutdownRequest,
  type ShutdownResourceOptions,
  type TaskOptions,
} from 'nestjs-drain';
import type { GracefulShutdownMetricsOptions } from 'nestjs-drain/metrics';
import type { StandaloneOptions } from 'nestjs-drain/standalone';
import type { CleanCloseOptions, GracefulShutdownTestingOptions } from 'nestjs-drain/testing';

/** Expectations about types; `types.spec.ts` compiles this file, nothing runs it. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function expectType<A, B>(..._equal: Equal<A, B> extends true ? [] : ['the types differ']): void {}

/** The optional members that cannot be `undefined`; with `exactOptionalPropertyTypes`, as here, that is an error. */
type Exact<T> = {
  [K in keyof T]-?: object extends Pick<T, K>
    ? { readonly [P in K]: undefined } extends Pick<T, K>
      ? never
      : K
    : never;
}[keyof T];

declare const coordinator: ShutdownCoordinator;
declare const context: ShutdownContext;
declare const tasks: BackgroundTasks;
declare const resources: ResourceRegistry;
declare const express: NestExpressApplication;
declare const fastify: NestFastifyApplication;
declare const microservice: INestMicroservice;
declare const standalone: INestApplicationContext;

// An application stays what it was.
const sameExpress = enableGracefulShutdown(express);
const sameFastify = enableGracefulShutdown(fastify);
const sameMicroservice = enableGracefulShutdown(microservice);
const sameStandalone = enableGracefulShutdown(standalone);
expectType<typeof sameExpress, NestExpressApplication>();
expectType<typeof sameFastify, NestFastifyApplication>();
expectType<typeof sameMicroservice, INestMicroservice>();
expectType<typeof sameStandalone, INestApplicationContext>();
// @ts-expect-error only applications have a shutdown
enableGracefulShutdown({});

// The module can be imported bare, with options, and with options from elsewhere.
@Module({
  imports: [
    GracefulShutdownModule,
    GracefulShutdownModule.forRoot({}),
    GracefulShutdownModule.forRoot({
      gracePeriodMs: 25_000,
      exit: (code) => expectType<typeof code, number>(),
    }),
    GracefulShutdownModule.forRootAsync({
      imports: [ConfigModule],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({ gracePeriodMs: config.getOrThrow<number>('grace') }),
    }),
    // @ts-expect-error a misspelt option
    GracefulShutdownModule.forRoot({ gracePeriod: 25_000 }),
    GracefulShutdownModule.forRoot({
      gracePeriodMs: '25s',
      announceDelayMs: undefined,
      health: { drain: undefined },
    }),
    // @ts-expect-error a unit that there is not
    GracefulShutdownModule.forRoot({ gracePeriodMs: '1h' }),
    // @ts-expect-error a text without a unit
    GracefulShutdownModule.forRoot({ gracePeriodMs: '25000' }),
    // @ts-expect-error no such way of running hooks
    GracefulShutdownModule.forRoot({ hooks: 'first' }),
  ],
})
class AppModule {}
void AppModule;

// Indicators of Terminus are what the readiness route checks, those of the application's own included.
declare const database: TypeOrmHealthIndicator;
declare const memory: MemoryHealthIndicator;
declare const indicatorService: HealthIndicatorService;
declare const anyIndicator: () => HealthIndicatorResult | PromiseLike<HealthIndicatorResult>;
export const indicators: readonly ReadinessIndicator[] = [
  () => database.pingCheck('database'),
  async () => memory.checkHeap('heap', 1_000_000),
  () => indicatorService.check('queue').up({ length: 0 }),
  () => indicatorService.check('queue').down('full'),
  anyIndicator,
];
GracefulShutdownModule.forRoot({ health: { indicators } });
// @ts-expect-error no status
GracefulShutdownModule.forRoot({ health: { indicators: [() => ({ queue: { length: 0 } })] } });
// They can be handed to Terminus, which knows the status 'degraded' from version 12 on.
type HandedToTerminus = Parameters<HealthCheckService['check']>[0][number];
expectType<
  ReadinessIndicator extends HandedToTerminus ? true : false,
  'degraded' extends HealthIndicatorStatus ? true : false
>();
const known = () => ({ queue: { status: 'up' as const, length: 0 } });
known satisfies ReadinessIndicator;
known satisfies HandedToTerminus;

// The coordinator is a token to inject by, not a class to construct.
// @ts-expect-error abstract
new ShutdownCoordinator();
const injected = standalone.get(ShutdownCoordinator);
expectType<typeof injected, ShutdownCoordinator>();
// @ts-expect-error whoever stands in for it has all of it
class Incomplete extends ShutdownCoordinator {}
void Incomplete;

coordinator.announce('maintenance');
// @ts-expect-error it is announce() now
coordinator.drain('maintenance');

// Participants have a name and methods named after phases.
const participant: ShutdownParticipant = {
  name: 'orders',
  drain: async ({ deadline }) => void deadline.remainingMs,
};
const unregister = coordinator.register(participant, { priority: 1, timeoutMs: { drain: 1_000 } });
expectType<typeof unregister, () => void>();
// @ts-expect-error nameless
coordinator.register({ drain: () => undefined });
// @ts-expect-error a misspelt phase
coordinator.register({ name: 'orders', drian: () => undefined });
// @ts-expect-error a timeout for no phase
export const options: ParticipantOptions = { timeoutMs: { drian: 1_000 } };

expectType<ShutdownContext['signal'], AbortSignal>();
expectType<ShutdownContext['deadline'], Deadline>();
expectType<ShutdownContext['until'], Deadline>();
expectType<ShutdownPhase, 'announce' | 'quiesce' | 'drain' | 'release' | 'flush'>();
// @ts-expect-error what a participant is told is not its to change
context.phase = 'drain';

// Lifetime events.
coordinator.onLifetimeEvent(LifetimeEvent.PREPARE_SHUTDOWN, 'mailer', () => undefined);
// @ts-expect-error an event by a name that is not one of the two
coordinator.onLifetimeEvent('STOP', 'mailer', () => undefined);

// A shutdown gives a report that cannot be changed.
const report = await coordinator.shutdown('new release');
await coordinator.shutdown({ kind: 'manual', message: 'new release' }, { announceDelayMs: 0, exit: true });
expectType<typeof report, ShutdownReport>();
expectType<ShutdownReport['status'], 'completed' | 'failed' | 'forced' | 'interrupted'>();
// @ts-expect-error read-only
report.status = 'completed';
// @ts-expect-error read-only, all the way down
report.participants.pop();
// @ts-expect-error no such kind of reason
await coordinator.shutdown({ kind: 'boredom' });

// Decorated methods get the context or nothing.
@Injectable()
export class Mailer {
  @OnShutdown('quiesce')
  stop(): void {}

  @OnShutdown('drain', { timeoutMs: 2_000 })
  async finish({ signal }: ShutdownContext): Promise<void> {
    await Promise.resolve(signal.aborted);
  }

  // @ts-expect-error no such phase
  @OnShutdown('drian')
  misspelt(): void {}

  // @ts-expect-error nobody passes it a number
  @OnShutdown('drain')
  wrongParameter(_timeoutMs: number): void {}
}

// Tasks give what their work returns.
const sum = tasks.run('sum', async ({ signal, reportProgress }) => {
  reportProgress('nearly done');
  return Number(signal.aborted);
});
expectType<typeof sum, Promise<number>>();
const tracked = tasks.trackTask(Promise.resolve('sent'), 'mail');
expectType<typeof tracked, Promise<string>>();
const called = tasks.trackCall('parse', () => 42);
expectType<typeof called, number>();
const stop = tasks.every('sweep', 1_000, () => undefined, { atDrainEnd: 'abort' });
expectType<typeof stop, () => Promise<void>>();
// @ts-expect-error rounds have no key
tasks.every('sweep', 1_000, () => undefined, { key: 'sweep' });
// @ts-expect-error a function is not a promise yet
tasks.waitUntil(async () => undefined);

export class Postman {
  @TrackTask()
  async send(_to: string): Promise<void> {
    await Promise.resolve();
  }

  // @ts-expect-error the decorator has to be made first
  @TrackTask
  async collect(): Promise<void> {
    await Promise.resolve();
  }

  // @ts-expect-error not a method
  @TrackTask()
  address = '';
}

// What closes a resource is one of its methods, or a function that gets it.
class Store {
  readonly path = '';
  async close(): Promise<void> {
    await Promise.resolve();
  }
}
const takeOut = resources.register('store', new Store(), {
  type: 'database',
  close: 'close',
  after: ['log'],
});
expectType<typeof takeOut, () => void>();
resources.register('store', new Store(), { close: (store, signal) => signal.aborted || store.close() });
// @ts-expect-error no such method
resources.register('store', new Store(), { close: 'stop' });
// @ts-expect-error not a method
resources.register('store', new Store(), { close: 'path' });
// @ts-expect-error no such type
resources.register('store', new Store(), { type: 'file' });
// @ts-expect-error nothing to close
resources.register('store', 'postgres://');

@ShutdownResource()
export class Cache extends Store {}

@ShutdownResource<Store>({ name: 'archive', close: 'close' })
export class Archive extends Store {}

// @ts-expect-error no such method
@ShutdownResource<Store>({ close: 'stop' })
export class Shelf extends Store {}

@ShutdownResource({ type: 'cache', close: 'forget' })
export class Memory {
  forget(): void {}
}

// Errors have codes to tell them apart by.
export function isTooLate(error: unknown): boolean {
  // @ts-expect-error no such code
  if (error instanceof ShutdownError && error.code === 'TOO_LATE') return true;
  if (error instanceof ShuttingDownError) return error.code === 'SHUTTING_DOWN' && error.getStatus() === 503;
  return error instanceof ShutdownError && error.code === 'SHUTDOWN_PHASE_BEGUN';
}

// Every option may be undefined, as when it comes from a variable that may not be set.
expectType<Exact<{ readonly may?: number }>, 'may'>();
expectType<Exact<GracefulShutdownOptions>, never>();
expectType<Exact<HealthOptions>, never>();
expectType<Exact<LateResponseOptions>, never>();
expectType<Exact<ManagementOptions>, never>();
expectType<Exact<ReportOptions>, never>();
expectType<Exact<StandaloneOptions>, never>();
expectType<Exact<ParticipantOptions>, never>();
expectType<Exact<ShutdownRequest>, never>();
expectType<Exact<ResourceOptions>, never>();
expectType<Exact<ShutdownResourceOptions>, never>();
expectType<Exact<RoundOptions>, never>();
expectType<Exact<TaskOptions>, never>();
expectType<Exact<GracefulShutdownMetricsOptions>, never>();
expectType<Exact<GracefulShutdownTestingOptions>, never>();
expectType<Exact<CleanCloseOptions>, never>();
ShutdownResource<Map<string, string>>({ close: undefined, priority: undefined });
coordinator.register({ name: 'orders', drain: () => undefined }, { timeoutMs: { drain: undefined } });
