import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
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

/** Has the metrics in a registry for as long as the application lives. */
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
    @Optional() @Inject(MODULE_OPTIONS_TOKEN) options: GracefulShutdownMetricsOptions = {},
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
    if (taken.length > 0) this.#warnOf(taken);
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

  /** What `PrometheusModule` was given, wherever in the application it is imported. */
  #prometheusOptions(): PrometheusOptions {
    try {
      return this.#moduleRef.get<PrometheusOptions | undefined>(optionsToken(), { strict: false }) ?? {};
    } catch {
      // It is not imported: somebody else serves the registry.
      return {};
    }
  }

  #warnOf(taken: readonly MetricDefinition[]): void {
    this.#logger.warn(
      `The registry has ${taken.map(({ name }) => name).join(', ')} already, from another application in this ` +
        'process perhaps, so they are not those of this one. Give each a registry of its own with ' +
        'GracefulShutdownMetricsModule.forRoot({ registry }), or a customMetricPrefix.',
    );
  }
}

/** The token is not exported; the providers of PrometheusModule's own metrics ask for it. */
function optionsToken(): symbol {
  const { inject = [] } = makeGaugeProvider({ name: 'any', help: 'any' }) as FactoryProvider;
  const [first] = inject as readonly { readonly token: symbol }[];
  return first!.token;
}

/** Registers a metric that is read when it is scraped. */
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
