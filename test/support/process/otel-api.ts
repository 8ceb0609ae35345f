import Module, { register } from 'node:module';

/**
 * Loaded with `--import`: gives `nestjs-drain` the version of the OpenTelemetry API in `OTEL_API`, an alias among the
 * dependencies; with `OTEL_API_FOR=all`, every package gets it.
 */
const alias = process.env['OTEL_API']!;
const isForAll = process.env['OTEL_API_FOR'] === 'all';

register('./otel-api-resolve.js', import.meta.url, { data: { alias, isForAll } });

if (isForAll) {
  type Resolve = (request: string, ...rest: unknown[]) => string;
  const internals = Module as unknown as { _resolveFilename: Resolve };
  const resolve = internals._resolveFilename;
  internals._resolveFilename = function (request, ...rest) {
    return Reflect.apply(resolve, this, [request === '@opentelemetry/api' ? alias : request, ...rest]);
  };
}
