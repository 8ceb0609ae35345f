import type { PackageGroup } from '../package-row.js';

export const OBSERVABILITY: PackageGroup = {
  title: 'Metrics, traces and logs',
  packages: [
    {
      name: '@willsoto/nestjs-prometheus',
      includes: ['prom-client'],
      found: 'Its route is served to the end of the drain, at `/metrics`.',
      write: '`GracefulShutdownMetricsModule` of `nestjs-drain/metrics` among the imports.',
      limits: 'A shutdown that is shorter than the interval of the scrapes may be in none of them.',
      specs: ['e2e/metrics/metrics.spec.ts', 'e2e/nest-major.spec.ts'],
    },
    {
      name: '@opentelemetry/api',
      installedAs: ['@opentelemetry/api', 'otel-api-1.3', 'otel-api-1.10'],
      found: 'The registered SDK, also where its version of the API is another than that of this package.',
      write: '`GracefulShutdownTracingModule` of `nestjs-drain/opentelemetry` among the imports.',
      limits: 'A forced shutdown may be exported in part or not at all.',
      specs: ['process/opentelemetry.spec.ts'],
    },
    {
      name: '@opentelemetry/auto-instrumentations-node',
      found:
        'With `GracefulShutdownTracingModule`, the SDK stays alive after its own listener for SIGTERM, until `flush`.',
      write: 'The module. Without it, spans that end after SIGTERM are lost.',
      limits: '-',
      recognisedBy: 'the methods of the registered providers',
      specs: ['process/opentelemetry.spec.ts'],
    },
    {
      name: '@opentelemetry/sdk-trace-base',
      found: 'A provider that nobody shuts down is asked to export in `flush`.',
      write: "`resources.register('telemetry', provider)`: it is shut down in `flush`.",
      limits: 'Without `GracefulShutdownTracingModule`: spans that end after the SDK was shut down.',
      clients: ['OpenTelemetry provider'],
      specs: ['e2e/opentelemetry/tracing.spec.ts', 'unit/resources/known-clients.spec.ts'],
    },
    {
      name: 'pino',
      found: 'Nothing.',
      write: "`resources.register('log', logger)`: it is flushed in `flush`, and stays usable.",
      limits: '-',
      clients: ['pino'],
      specs: ['unit/resources/known-clients.spec.ts'],
    },
  ],
};
