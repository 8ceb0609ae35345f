import { metrics, trace } from '@opentelemetry/api';
import { callMethod, hasMethod, isObject, read } from '../util/foreign.js';
import type { TracerProvider } from '@opentelemetry/api';

/** What the providers of an SDK add to those of the API. */
export interface TelemetryProvider {
  /** Exports what is pending. */
  forceFlush?(): Promise<void>;
  /** Exports what is pending, and drops what comes later. */
  shutdown?(): Promise<void>;
}

/** Where `@opentelemetry/api` and `@opentelemetry/api-logs` keep what is registered, for all copies of them in the process. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');
const REGISTERED_LOGS = Symbol.for('io.opentelemetry.js.api.logs');
const LOGS_VERSION = 1;

/** Returns the provider of traces: the SDK's if there is one. */
export function tracerProvider(): TracerProvider {
  const provider = trace.getTracerProvider();
  if (isOfSdk(behindProxy(provider))) return provider;
  const registered = registeredAs('trace');
  return isOfSdk(behindProxy(registered)) ? (registered as TracerProvider) : provider;
}

/**
 * Returns the SDK's providers of traces, metrics and logs.
 *
 * They are recognised by their methods, not by their classes: a process may load several copies of the API.
 */
export function telemetryProviders(): TelemetryProvider[] {
  const meterProvider = metrics.getMeterProvider();
  return [
    behindProxy(tracerProvider()),
    isOfSdk(meterProvider) ? meterProvider : registeredAs('metrics'),
    registeredLogs(),
  ].filter(isOfSdk);
}

/**
 * Returns what was registered with another copy of the API. The API returns it only to copies of the same minor version
 * or an older one; npm installs a newer one for this package if the SDK does not allow it.
 */
function registeredAs(kind: 'trace' | 'metrics'): unknown {
  const registered = read(globalThis, REGISTERED);
  return isObject(registered) ? read(registered, kind) : undefined;
}

function registeredLogs(): unknown {
  const get = read(globalThis, REGISTERED_LOGS);
  return typeof get === 'function' ? (get as (version: number) => unknown)(LOGS_VERSION) : undefined;
}

/** Traces have a proxy in front of the provider that was registered. */
function behindProxy(provider: unknown): unknown {
  return isObject(provider) && hasMethod(provider, 'getDelegate')
    ? callMethod(provider, 'getDelegate')
    : provider;
}

function isOfSdk(provider: unknown): provider is TelemetryProvider {
  return isObject(provider) && (hasMethod(provider, 'forceFlush') || hasMethod(provider, 'shutdown'));
}
