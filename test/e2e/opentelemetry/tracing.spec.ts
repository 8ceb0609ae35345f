import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { enableGracefulShutdown } from '../../../src/nest/enable-graceful-shutdown.js';
import { GracefulShutdownModule } from '../../../src/nest/graceful-shutdown.module.js';
import { GracefulShutdownTracingModule } from '../../../src/opentelemetry/graceful-shutdown-tracing.module.js';
import { ShutdownTracing } from '../../../src/opentelemetry/shutdown-tracing.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { setUp } from '../../unit/core/coordinator-on-manual-clock.js';
import type { INestApplicationContext } from '@nestjs/common';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

/** What has been exported, until it is shut down. */
class Exported implements SpanExporter {
  readonly spans: ReadableSpan[] = [];
  isShutDown = false;

  export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
    if (!this.isShutDown) this.spans.push(...spans);
    done({ code: 0 });
  }

  shutdown(): Promise<void> {
    this.isShutDown = true;
    return Promise.resolve();
  }

  names(): string[] {
    return this.spans.map(({ name }) => name);
  }

  find(name: string): ReadableSpan {
    const span = this.spans.find((candidate) => candidate.name === name);
    if (!span) throw new Error(`no span ${name} among ${this.names().join(', ')}`);
    return span;
  }

  parentOf(name: string): string | undefined {
    const id = this.find(name).parentSpanContext?.spanId;
    return this.spans.find((span) => span.spanContext().spanId === id)?.name;
  }
}

@Injectable()
class Store implements OnModuleDestroy {
  onModuleDestroy(): void {
    throw new Error('the store jams');
  }
}

@Module({
  imports: [
    GracefulShutdownModule.forRoot({ exit: false, logProgress: false, gracePeriodMs: 20_000 }),
    GracefulShutdownTracingModule,
  ],
  providers: [Store],
})
class AppModule {}

let exported: Exported;
let provider: BasicTracerProvider;
let app: INestApplicationContext;
let coordinator: PhasedCoordinator;

afterEach(async () => {
  await coordinator.shutdown();
  await provider.shutdown();
  trace.disable();
});
guardAgainstLeaks();

// After the guard has looked at what there is.
beforeEach(async () => {
  exported = new Exported();
  provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exported)] });
  trace.setGlobalTracerProvider(provider);
  app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  coordinator = app.get(PhasedCoordinator);
});

describe('the trace of a shutdown', () => {
  it('is exported completely by an SDK that is shut down in flush', async () => {
    coordinator.register({
      name: 'jobs',
      drain: ({ cut }) => cut({ kind: 'job', name: 'invoice', ageMs: 12 }),
    });
    coordinator.register({ name: 'OpenTelemetry SDK', flush: () => provider.shutdown() });

    await app.close();

    expect(exported.isShutDown).toBe(true);
    expect(new Set(exported.spans.map((span) => span.spanContext().traceId)).size).toBe(1);
    const root = exported.find('graceful shutdown');
    expect([root.parentSpanContext, root.attributes]).toEqual([
      undefined,
      { 'graceful_shutdown.reason': 'close' },
    ]);
    for (const phase of ['announce', 'quiesce', 'drain', 'release']) {
      expect(exported.parentOf(phase)).toBe('graceful shutdown');
    }
    expect(exported.parentOf('jobs')).toBe('drain');
    expect(exported.find('jobs')).toMatchObject({
      attributes: { 'graceful_shutdown.phase': 'drain', 'graceful_shutdown.outcome': 'completed' },
      events: [{ name: 'cut', attributes: { kind: 'job', name: 'invoice', age_ms: 12 } }],
    });
    expect(exported.parentOf('Store.onModuleDestroy')).toBe('release');
    expect(exported.find('Store.onModuleDestroy')).toMatchObject({
      attributes: { 'graceful_shutdown.outcome': 'failed' },
      status: { code: SpanStatusCode.ERROR, message: 'the store jams' },
    });
    expect(exported.spans.every(({ ended }) => ended)).toBe(true);
  });

  it('is exported by an SDK that is never shut down', async () => {
    await app.close();
    expect(exported.isShutDown).toBe(false);
    expect(exported.names()).toContain('graceful shutdown');
  });

  it('is exported by an SDK that is shut down beside a close, whose callers both go on', async () => {
    @Module({
      imports: [
        GracefulShutdownModule.forRoot({ logProgress: false, gracePeriodMs: 20_000 }),
        GracefulShutdownTracingModule,
      ],
    })
    class ExitingModule {}
    const exiting = enableGracefulShutdown(
      await NestFactory.createApplicationContext(ExitingModule, { logger: false }),
    );

    await Promise.all([exiting.close(), provider.shutdown()]);

    expect(exported.isShutDown).toBe(true);
    expect(exported.names()).toContain('graceful shutdown');
  });

  it('has an event for what was overtaken', async () => {
    const { clock, coordinator: manual } = setUp();
    new ShutdownTracing(manual, { exit: false });
    const slow = {
      name: 'slow',
      release: () => new Promise<void>((resolve) => clock.setTimer(resolve, 3_500)),
    };
    manual.register(slow, { priority: 1 });
    manual.register({ name: 'next', release: () => new Promise((resolve) => clock.setTimer(resolve, 500)) });
    void manual.shutdown();
    await clock.advance(4_000);
    await manual.finished;
    await provider.forceFlush();

    expect(exported.find('slow')).toMatchObject({
      attributes: { 'graceful_shutdown.outcome': 'completed' },
      events: [{ name: 'overtaken', attributes: { age_ms: 10_000 / 3 } }],
    });
    expect(exported.find('next')).toMatchObject({ events: [] });
  });

  it('marks a forced shutdown', async () => {
    coordinator.register({ name: 'stuck', drain: () => new Promise(() => {}) });
    void coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await coordinator.entered('drain');
    coordinator.force('SIGINT again');
    await coordinator.finished;
    await provider.forceFlush();

    expect(exported.find('graceful shutdown')).toMatchObject({
      attributes: { 'graceful_shutdown.signal': 'SIGTERM' },
      status: { code: SpanStatusCode.ERROR, message: 'forced by SIGINT again' },
    });
    expect(exported.find('stuck')).toMatchObject({
      attributes: { 'graceful_shutdown.outcome': 'abandoned' },
      status: { code: SpanStatusCode.ERROR },
    });
  });

  it('ends on resume, and the next shutdown is a new trace', async () => {
    coordinator.announce();
    await coordinator.resume();
    await app.close();

    const roots = exported.spans.filter(({ name }) => name === 'graceful shutdown');
    expect(roots.map(({ attributes }) => attributes['graceful_shutdown.reason'])).toEqual([
      'operator',
      'close',
    ]);
  });
});
