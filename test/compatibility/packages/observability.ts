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
      found: 'A provider that is not shut down exports in `flush`.',
      write: "`resources.register('telemetry', provider)`: it is shut down in `flush`.",
      limits: 'Without `GracefulShutdownTracingModule`: spans that end after the SDK was shut down.',
      clients: ['OpenTelemetry provider'],
      specs: ['e2e/opentelemetry/tracing.spec.ts', 'unit/resources/known-clients.spec.ts'],
    },
    {
      name: 'pino',
      found:
        'Its destinations and worker threads are awaited before the exit, where it is behind the logger of Nest.',
      write:
        "Without Nest, `createShutdown({ logger })`. Where only other code logs with it: `resources.register('log', logger)`. It stays usable.",
      limits: 'A transport that collects lines before it sends them, and has no `flush()`.',
      clients: ['pino'],
      specs: [
        'process/last-lines.spec.ts',
        'process/log-form.spec.ts',
        'process/standalone-logger.spec.ts',
        'unit/resources/known-clients.spec.ts',
      ],
    },
    {
      name: 'nestjs-pino',
      includes: ['pino-http'],
      found: 'Lines have its message key, and their facts beside it. Its pino is awaited.',
      write: '`app.useLogger(app.get(Logger))` or `app.get(NativeLogger)`, as usual.',
      limits: '-',
      recognisedBy: 'the methods of its loggers',
      specs: ['process/last-lines.spec.ts', 'process/log-form.spec.ts'],
    },
    {
      name: 'pino-pretty',
      loadedBy: 'pino',
      found: 'As a transport or as a stream, it is awaited like pino.',
      write: '-',
      limits: 'It prints the facts of each line, the report included; `ignore` leaves some out.',
      recognisedBy: 'pino, which it is a transport of',
      specs: ['process/last-lines.spec.ts'],
    },
    {
      name: 'winston',
      found:
        'The transports of the logger behind Nest are awaited before the exit: files, streams, the console.',
      write:
        "Without Nest, `createShutdown({ logger })`. For transports that send over the network, `resources.register('log', logger)`: it is ended after the outcome.",
      limits: 'A transport that collects lines and does not send them when it ends needs `flushLogs`.',
      clients: ['winston'],
      specs: ['process/last-lines.spec.ts', 'process/log-form.spec.ts', 'process/standalone-logger.spec.ts'],
    },
    {
      name: 'nest-winston',
      found: 'Lines have their facts beside the message.',
      write: '`WinstonModule.createLogger(…)`, as usual.',
      limits: '-',
      recognisedBy: 'the methods of its logger',
      specs: ['process/last-lines.spec.ts', 'process/log-form.spec.ts'],
    },
  ],
};
