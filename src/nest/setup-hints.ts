import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { ShutdownHealthIndicator } from './health/shutdown-health.indicator.js';
import { DEPENDENCIES_OF_WRAPPER } from './lifecycle/container-probes.js';
import { messageOf } from '../core/errors.js';
import { decoratedMethodsOf } from './decorators/on-shutdown.decorator.js';
import type { ProbeCheck } from '../util/probe.js';
import type { ModulesContainer } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';

type ModuleRef = ModulesContainer extends Map<string, infer M> ? M : never;
type InstanceWrapper = ReturnType<ModuleRef['getNonAliasProviders']>[number][1];

/** Checks the container for one kind of mistake. */
type Hint = (wrappers: readonly InstanceWrapper[], options: ResolvedOptions) => string[];

const HINTS: readonly Hint[] = [decoratedPerRequest, healthRouteThatStaysUp];

/**
 * Returns the lines to log at boot: one for each mistake in the setup.
 *
 * The layout of Nest's container may differ by version. A check that cannot read it is skipped, and the log says so.
 */
export function setupHints(
  modules: Iterable<ModuleRef>,
  options: ResolvedOptions,
  probes: ProbeCheck,
): string[] {
  try {
    const ofTheApplication = [...modules].filter(({ providers }) => !providers.has(ShutdownHealthIndicator));
    const wrappers = ofTheApplication.flatMap(wrappersIn);
    if (!probes.check(DEPENDENCIES_OF_WRAPPER, wrappers)) return [];
    return HINTS.flatMap((hint) => attempt(hint, wrappers, options));
  } catch (error) {
    return [unreadable('The setup', error)];
  }
}

function attempt(hint: Hint, wrappers: readonly InstanceWrapper[], options: ResolvedOptions): string[] {
  try {
    return hint(wrappers, options);
  } catch (error) {
    return [unreadable(hint.name, error)];
  }
}

function unreadable(what: string, error: unknown): string {
  return `${what} was not checked, because this version of Nest has an unknown container layout: ${messageOf(error)}`;
}

function decoratedPerRequest(wrappers: readonly InstanceWrapper[]): string[] {
  return wrappers.filter(isPerRequest).flatMap(perRequestHint);
}

function healthRouteThatStaysUp(wrappers: readonly InstanceWrapper[], { health }: ResolvedOptions): string[] {
  const isAnswered =
    health.readinessPaths.length + health.livenessPaths.length > 0 ||
    !wrappers.some((wrapper) => !isOfTerminus(wrapper) && dependsOn(wrapper, isHealthCheckService)) ||
    wrappers.some((wrapper) => dependsOn(wrapper, ({ metatype }) => metatype === ShutdownHealthIndicator));
  return isAnswered
    ? []
    : [
        'A health route uses Terminus, but does not fail during shutdown. For readiness, add ShutdownHealthIndicator to ' +
          'its checks, or list its path in health.readinessPaths; for liveness, list its path in health.livenessPaths.',
      ];
}

function wrappersIn({ providers, controllers, injectables, middlewares }: ModuleRef): InstanceWrapper[] {
  return [providers, controllers, injectables, middlewares].flatMap(
    (collection) => [...collection.values()] as InstanceWrapper[],
  );
}

function isPerRequest(wrapper: InstanceWrapper): boolean {
  return !wrapper.isDependencyTreeStatic();
}

function perRequestHint({ metatype }: InstanceWrapper): string[] {
  const methods = [...new Set(decoratedMethodsOf(metatype).map(({ method }) => method))];
  return methods.map(
    (method) =>
      `@OnShutdown on ${(metatype as { name: string }).name}.${method} has no effect: its class is instantiated per request. ` +
      'Move the method to a singleton provider.',
  );
}

function dependsOn(wrapper: InstanceWrapper, isMeant: (dependency: InstanceWrapper) => boolean): boolean {
  // Undefined for values. Sparse if an optional dependency is missing, or is the inquirer.
  const dependencies = (wrapper.getCtorMetadata() ?? []) as (InstanceWrapper | undefined)[];
  const properties = (wrapper.getPropertiesMetadata() ?? []) as { wrapper?: InstanceWrapper }[];
  return [...dependencies, ...properties.map((property) => property.wrapper)].some(
    (dependency) => dependency !== undefined && isMeant(dependency),
  );
}

// Also compared by name: an application may have its own copy of Terminus.
function isHealthCheckService({ metatype }: InstanceWrapper): boolean {
  return metatype === HealthCheckService || metatype?.name === 'HealthCheckService';
}

function isOfTerminus({ host }: InstanceWrapper): boolean {
  return host?.metatype === TerminusModule || host?.metatype?.name === 'TerminusModule';
}
