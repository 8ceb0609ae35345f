import { Inject, Injectable, Logger } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge, register as globalRegistry } from 'prom-client';
import { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import { ManagementServer } from '../health/management-server.js';
import { MODULE_OPTIONS_TOKEN } from './graceful-shutdown-metrics.module-definition.js';
import { METRICS } from './metric-definitions.js';
import { ShutdownHistory } from './shutdown-history.js';
import type { FactoryProvider, OnModuleInit } from '@nestjs/common';
import type { PrometheusOptions } from '@willsoto/nestjs-prometheus';
import type { Registry } from 'prom-client';
import type { GracefulShutdownMetricsOptions } from './graceful-shutdown-metrics.module-definition.js';
import type { MetricDefinition, Sample } from './metric-definitions.js';

/** Registers the metrics on init, and removes them when the shutdown has finished. */
@Injectable()
export class ShutdownMetrics implements OnModuleInit {
  readonly #logger = new Logger('GracefulShutdown');
  readonly #moduleRef: ModuleRef;
  readonly #coordinator: ShutdownCoordinator;
  readonly #management: ManagementServer;
  readonly #options: GracefulShutdownMetricsOptions;

  constructor(
    @Inject(ModuleRef) moduleRef: ModuleRef,
    @Inject(ShutdownCoordinator) coordinator: ShutdownCoordinator,
    @Inject(ManagementServer) management: ManagementServer,
    @Inject(MODULE_OPTIONS_TOKEN) options: GracefulShutdownMetricsOptions = {},
  ) {
    this.#moduleRef = moduleRef;
    this.#coordinator = coordinator;
    this.#management = management;
    this.#options = options;
  }

  onModuleInit(): void {
    const { customMetricPrefix, defaultMetrics, path = '/metrics' } = this.#prometheusOptions();
    const registry = this.#options.registry ?? defaultMetrics?.config?.register ?? globalRegistry;
    const history = new ShutdownHistory(this.#coordinator);
    const metrics = METRICS.map((metric) => ({
      ...metric,
      name: customMetricPrefix ? `${customMetricPrefix}_${metric.name}` : metric.name,
    }));
    const taken = metrics.filter(({ name }) => registry.getSingleMetric(name));
    const free = metrics.filter((metric) => !taken.includes(metric));
    for (const metric of free) add(metric, registry, () => metric.read(history));
    if (taken.length > 0) this.#warnAboutTaken(taken);
    this.#management.add(path, {
      GET: async () => ({
        status: 200,
        body: await registry.metrics(),
        headers: { 'Content-Type': registry.contentType },
      }),
    });
    const stop = this.#coordinator.observe(({ type }) => {
      if (type !== 'finished') return;
      stop();
      for (const { name } of free) registry.removeSingleMetric(name);
    });
  }

  /** Returns the options of `PrometheusModule`, wherever in the application it is imported. */
  #prometheusOptions(): PrometheusOptions {
    try {
      return this.#moduleRef.get<PrometheusOptions | undefined>(optionsToken(), { strict: false }) ?? {};
    } catch {
      // PrometheusModule is not imported; the application serves the registry itself.
      return {};
    }
  }

  #warnAboutTaken(taken: readonly MetricDefinition[]): void {
    this.#logger.warn(
      `The registry already has ${taken.map(({ name }) => name).join(', ')}, perhaps from another application in this ` +
        'process; this application does not export them. Give each application its own registry with ' +
        'GracefulShutdownMetricsModule.forRoot({ registry }), or its own customMetricPrefix.',
    );
  }
}

/** Returns the token of PrometheusModule's options: it is not exported, but the providers of its metrics inject it. */
function optionsToken(): symbol {
  const { inject = [] } = makeGaugeProvider({ name: 'any', help: 'any' }) as FactoryProvider;
  const [first] = inject as readonly { readonly token: symbol }[];
  return first!.token;
}

/** Registers a metric whose values are read on each scrape. */
function add(metric: MetricDefinition, registry: Registry, read: () => readonly Sample[]): void {
  const { name, help, labelNames } = metric;
  const configuration = { name, help, labelNames: [...labelNames], registers: [registry] };
  if (metric.type === 'gauge') {
    new Gauge({
      ...configuration,
      collect() {
        this.reset();
        for (const { labels = {}, value } of read()) this.set(labels, value);
      },
    });
  } else {
    new Counter({
      ...configuration,
      collect() {
        this.reset();
        for (const { labels = {}, value } of read()) this.inc(labels, value);
      },
    });
  }
}
