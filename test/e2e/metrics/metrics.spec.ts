import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Counter, Registry, register as globalRegistry } from 'prom-client';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { GracefulShutdownMetricsModule } from '../../../src/metrics/graceful-shutdown-metrics.module.js';
import { METRICS } from '../../../src/metrics/metric-definitions.js';
import { GracefulShutdownModule } from '../../../src/nest/graceful-shutdown.module.js';
import { BackgroundTasks } from '../../../src/tasks/background-tasks.js';
import { eventually } from '../../support/http/eventually.js';
import { RawClient } from '../../support/http/raw-client.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, ask } from '../health/health-application.js';
import { freePort } from '../websockets/gateway-application.js';
import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import type { AddressInfo } from 'node:net';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';
import type { ShutdownPhase } from '../../../src/core/phase.js';
import type { Adapter } from '../health/health-application.js';

type Samples = Readonly<Record<string, number>>;

/** An application whose requests are held until the test answers them, and whose metrics are scraped over HTTP. */
class ScrapedApplication {
  readonly app: INestApplication;
  readonly coordinator: PhasedCoordinator;
  readonly warnings: string[];
  readonly #clients: RawClient[] = [];
  readonly #ends: (() => void)[] = [];
  #isClosing = false;

  private constructor(app: INestApplication, warnings: string[]) {
    this.app = app;
    this.coordinator = app.get(PhasedCoordinator);
    this.warnings = warnings;
  }

  static async start(
    adapter: Adapter,
    imports: ModuleMetadata['imports'] = [PrometheusModule.register(), GracefulShutdownMetricsModule],
    options: GracefulShutdownOptions = {},
  ): Promise<ScrapedApplication> {
    @Controller()
    class RoutesController {
      @Get('held')
      held(): Promise<string> {
        return new Promise((resolve) => held.push(() => resolve('done')));
      }
    }
    const held: (() => void)[] = [];
    @Module({
      imports: [
        ...imports,
        GracefulShutdownModule.forRoot({
          exit: false,
          logProgress: false,
          announceDelayMs: 0,
          gracePeriodMs: 20_000,
          ...options,
        }),
      ],
      controllers: [RoutesController],
    })
    class AppModule {}

    const warnings: string[] = [];
    const app = await NestFactory.create(AppModule, adapter.create(), { logger: loggerInto(warnings) });
    await app.listen(0, '127.0.0.1');
    const application = new ScrapedApplication(app, warnings);
    application.#ends.push(() => {
      for (const answer of held.splice(0)) answer();
    });
    return application;
  }

  async scrape(path = '/metrics'): Promise<Samples> {
    const { status, text } = await ask(this.#port, 'GET', path);
    if (status !== 200) throw new Error(`${path} answers ${status}: ${text}`);
    return samplesIn(text);
  }

  async get(path: string): Promise<RawClient> {
    const client = await RawClient.connect(this.#port);
    this.#clients.push(client);
    client.get(path);
    return client;
  }

  /** Shuts down as a signal does, and stays in each phase until {@link goOn}. */
  async shutDownTo(...phases: readonly ShutdownPhase[]): Promise<void> {
    const hold = (): Promise<void> =>
      new Promise((resolve) => (this.#isClosing ? resolve() : this.#ends.push(resolve)));
    this.coordinator.register({
      name: 'the test',
      ...Object.fromEntries(phases.map((phase) => [phase, hold])),
    });
    void this.coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await this.entered(phases[0]!);
  }

  entered(phase: ShutdownPhase): Promise<void> {
    return eventually(() => this.coordinator.phase === phase);
  }

  goOn(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.socket.destroy();
    this.#isClosing = true;
    this.goOn();
    await this.app.close();
  }

  get #port(): number {
    return (this.app.getHttpServer().address() as AddressInfo).port;
  }
}

function loggerInto(warnings: string[]): LoggerService {
  const ignore = (): void => {};
  return { log: ignore, error: ignore, warn: (message: unknown) => void warnings.push(String(message)) };
}

/** The samples of a scrape, by name and labels as they are written. */
function samplesIn(text: string): Samples {
  const lines = text.split('\n').filter((line) => line.includes('graceful_shutdown_'));
  return Object.fromEntries(
    lines
      .filter((line) => !line.startsWith('#'))
      .map((line) => {
        const end = line.lastIndexOf(' ');
        return [line.slice(0, end).replace('graceful_shutdown_', ''), Number(line.slice(end + 1))];
      }),
  );
}

let running: ScrapedApplication[] = [];

async function start(...args: Parameters<typeof ScrapedApplication.start>): Promise<ScrapedApplication> {
  const application = await ScrapedApplication.start(...args);
  running.push(application);
  return application;
}

beforeEach(() => globalRegistry.clear());
afterEach(async () => {
  await Promise.all(running.map((application) => application.close()));
  running = [];
});
guardAgainstLeaks();

describe.each(ADAPTERS)('the metrics of an application on $name', (adapter) => {
  it('report the state running and current work before any shutdown', async () => {
    const application = await start(adapter);
    await application.get('/held');
    await eventually(() => application.coordinator.progress().inFlight === 1);

    const samples = await application.scrape();

    expect(samples).toMatchObject({
      'state{phase="running"}': 1,
      'state{phase="drain"}': 0,
      'in_flight_requests{participant="HTTP server"}': 1,
      // The scrape has one of its own.
      'open_connections{participant="HTTP server"}': 2,
      'late_requests_total{participant="HTTP server"}': 0,
      'retired_connections_total{participant="HTTP server"}': 0,
      forced_total: 0,
      announce_need_seconds: 0,
    });
    expect(Object.keys(samples).filter((name) => name.includes('duration'))).toEqual([]);
  });

  it('are all there although what a participant answers is no number', async () => {
    const application = await start(adapter);
    application.coordinator.register({
      name: 'foreign',
      drain: () => {},
      inFlight: () => 3n as unknown as number,
      statistics: () => ({ open: Symbol('open') as unknown as number, idle: 1 }),
    });

    expect(await application.scrape()).toMatchObject({
      'state{phase="running"}': 1,
      'open_connections{participant="HTTP server"}': 1,
    });
    expect(application.warnings).toEqual([
      expect.stringContaining('foreign: inFlight() returned a bigint; return a number, 0 or more.'),
      expect.stringContaining(
        'foreign: statistics() returned a symbol as open; return an object with numbers.',
      ),
    ]);
  });

  it('follow a shutdown from phase to phase until the end of the drain', async () => {
    const application = await start(adapter);
    await application.get('/held');
    await eventually(() => application.coordinator.progress().inFlight === 1);
    await application.shutDownTo('announce', 'drain');

    expect(await application.scrape()).toMatchObject({
      'state{phase="running"}': 0,
      'state{phase="announce"}': 1,
      'duration_seconds{reason="signal"}': expect.any(Number),
      'phase_duration_seconds{phase="announce"}': expect.any(Number),
      'participant_duration_seconds{participant="the test",phase="announce",outcome="pending"}':
        expect.any(Number),
      'participant_duration_seconds{participant="HTTP server",phase="announce",outcome="completed"}':
        expect.any(Number),
      announce_need_seconds: 0,
    });
    await application.get('/missing');
    await eventually(() => application.coordinator.progress().announceNeedMs !== undefined);
    expect((await application.scrape())['announce_need_seconds']).toBeGreaterThan(0);

    application.goOn();
    await application.entered('drain');
    await (await application.get('/late')).until('503');
    const samples = await application.scrape();
    expect(samples).toMatchObject({
      'state{phase="drain"}': 1,
      'late_requests_total{participant="HTTP server"}': 1,
      'phase_duration_seconds{phase="announce"}': expect.any(Number),
      'phase_duration_seconds{phase="drain"}': expect.any(Number),
      'participant_duration_seconds{participant="the test",phase="drain",outcome="pending"}':
        expect.any(Number),
    });
    expect(samples['retired_connections_total{participant="HTTP server"}']).toBeGreaterThan(0);
    expect(samples['duration_seconds{reason="signal"}']).toBeGreaterThan(
      samples['phase_duration_seconds{phase="drain"}']!,
    );
  });

  it('count what is cut, and that it was forced', async () => {
    const application = await start(adapter);
    await application.get('/held');
    await eventually(() => application.coordinator.progress().inFlight === 1);
    await application.shutDownTo('drain');
    let last: Promise<string> | undefined;
    application.coordinator.observe(({ type }) => {
      if (type === 'phase-left') last ??= globalRegistry.metrics();
    });

    application.coordinator.force('the test');
    await application.coordinator.finished;

    expect(samplesIn(await last!)).toMatchObject({
      'state{phase="forced"}': 1,
      forced_total: 1,
      'cut_total{kind="request"}': 1,
      'participant_duration_seconds{participant="HTTP server",phase="drain",outcome="abandoned"}':
        expect.any(Number),
    });
  });

  it('count tasks', async () => {
    const application = await start(adapter);
    const tasks = application.app.get(BackgroundTasks);
    const samples = (): Promise<Samples> => application.scrape();
    let end = (): void => {};
    const running = tasks.run('mail', () => new Promise<void>((resolve) => (end = resolve)));
    expect(await samples()).toMatchObject({
      'active_tasks{participant="background tasks"}': 1,
      'tasks_total{participant="background tasks",outcome="completed"}': 0,
    });

    end();
    await running;
    await tasks.run('mail', () => Promise.reject(new Error('no'))).catch(() => {});

    expect(await samples()).toMatchObject({
      'active_tasks{participant="background tasks"}': 0,
      'tasks_total{participant="background tasks",outcome="completed"}': 1,
      'tasks_total{participant="background tasks",outcome="failed"}': 1,
      'tasks_total{participant="background tasks",outcome="timed-out"}': 0,
      'tasks_total{participant="background tasks",outcome="handed-over"}': 0,
      'tasks_total{participant="background tasks",outcome="cut"}': 0,
    });
    await application.shutDownTo('drain');
    expect(() => tasks.run('mail', () => {})).toThrow('mail');
    expect(await samples()).toMatchObject({
      'tasks_total{participant="background tasks",outcome="refused"}': 1,
    });
  });

  it('start over after a resume', async () => {
    const application = await start(adapter);
    application.coordinator.announce();
    expect(await application.scrape()).toMatchObject({
      'duration_seconds{reason="operator"}': expect.any(Number),
    });
    await application.coordinator.resume();

    const samples = await application.scrape();

    expect(samples['state{phase="running"}']).toBe(1);
    expect(Object.keys(samples).filter((name) => name.includes('duration'))).toEqual([]);
  });
});

describe('the metrics', () => {
  const [express] = ADAPTERS;

  it('have the names, types and labels that dashboards rely on', () => {
    expect(METRICS.map(({ name, type, labelNames }) => `${type} ${name}{${labelNames.join()}}`)).toEqual([
      'gauge graceful_shutdown_state{phase}',
      'gauge graceful_shutdown_in_flight_requests{participant}',
      'gauge graceful_shutdown_in_flight_messages{participant}',
      'gauge graceful_shutdown_open_connections{participant}',
      'gauge graceful_shutdown_active_tasks{participant}',
      'gauge graceful_shutdown_duration_seconds{reason}',
      'gauge graceful_shutdown_phase_duration_seconds{phase}',
      'gauge graceful_shutdown_participant_duration_seconds{participant,phase,outcome}',
      'counter graceful_shutdown_late_requests_total{participant}',
      'counter graceful_shutdown_retired_connections_total{participant}',
      'counter graceful_shutdown_cut_total{kind}',
      'counter graceful_shutdown_tasks_total{participant,outcome}',
      'counter graceful_shutdown_forced_total{}',
      'gauge graceful_shutdown_announce_need_seconds{}',
    ]);
  });

  it('have the prefix and labels of PrometheusModule, also if it is configured asynchronously', async () => {
    const application = await start(express, [
      PrometheusModule.registerAsync({
        useFactory: () => ({
          customMetricPrefix: 'orders',
          defaultLabels: { team: 'sales' },
          defaultMetrics: { enabled: false },
        }),
      }),
      GracefulShutdownMetricsModule,
    ]);

    expect(await application.scrape()).toMatchObject({ 'orders_forced_total{team="sales"}': 0 });
    globalRegistry.setDefaultLabels({});
  });

  it('are in the registry of the default metrics, or in the configured one', async () => {
    const ofDefaults = new Registry();
    const given = new Registry();
    await start(express, [
      PrometheusModule.register({ defaultMetrics: { enabled: false, config: { register: ofDefaults } } }),
      GracefulShutdownMetricsModule,
    ]);
    await start(express, [
      PrometheusModule.register({ defaultMetrics: { enabled: false, config: { register: ofDefaults } } }),
      GracefulShutdownMetricsModule.forRoot({ registry: given }),
    ]);

    const names = METRICS.map(({ name }) => name);
    expect(ofDefaults.getMetricsAsArray().map(({ name }) => name)).toEqual(names);
    expect(given.getMetricsAsArray().map(({ name }) => name)).toEqual(names);
    expect(globalRegistry.getMetricsAsArray()).toEqual([]);
  });

  it('need only a registry', async () => {
    const application = await start(express, [GracefulShutdownMetricsModule]);
    expect(samplesIn(await globalRegistry.metrics())).toMatchObject({ 'state{phase="running"}': 1 });
    expect(application.warnings).toEqual([]);
  });

  it('are separate for two applications with a registry each', async () => {
    const registries = [new Registry(), new Registry()] as const;
    const [one] = [
      await start(express, [GracefulShutdownMetricsModule.forRoot({ registry: registries[0] })]),
      await start(express, [GracefulShutdownMetricsModule.forRoot({ registry: registries[1] })]),
    ];
    one.coordinator.announce();

    expect(samplesIn(await registries[0].metrics())).toMatchObject({ 'state{phase="announce"}': 1 });
    expect(samplesIn(await registries[1].metrics())).toMatchObject({ 'state{phase="running"}': 1 });
  });

  it('skip names that are taken, with one warning', async () => {
    const taken = new Counter({ name: 'graceful_shutdown_forced_total', help: 'of somebody else' });
    const application = await start(express);

    expect(application.warnings).toEqual([
      expect.stringContaining('The registry already has graceful_shutdown_forced_total'),
    ]);
    expect(await application.scrape()).toMatchObject({ 'state{phase="running"}': 1 });
    const report = await application.coordinator.shutdown();
    expect(report.status).toBe('completed');
    expect(globalRegistry.getSingleMetric('graceful_shutdown_forced_total')).toBe(taken);
  });

  it('are removed from the registry when the application has closed', async () => {
    const registry = new Registry();
    const application = await start(express, [GracefulShutdownMetricsModule.forRoot({ registry })]);
    await application.app.close();
    expect(registry.getMetricsAsArray()).toEqual([]);
  });

  it('are on the management port until the end of flush', async () => {
    const port = await freePort();
    const application = await start(express, undefined, { management: { port } });
    let last: Samples = {};
    application.coordinator.register({
      name: 'the last scrape',
      flush: async () => {
        last = samplesIn(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
      },
    });

    await application.app.close();

    expect(last).toMatchObject({ 'state{phase="flush"}': 1 });
  });
});
