import { ShutdownHealthIndicator } from '../health/shutdown-health.indicator.js';
import { decoratedMethodsOf } from './on-shutdown.decorator.js';
import type { ModulesContainer } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';

type ModuleRef = ModulesContainer extends Map<string, infer M> ? M : never;
type InstanceWrapper = ReturnType<ModuleRef['getNonAliasProviders']>[number][1];

/** What the log should say at boot because it looks as if something had been forgotten, or cannot work; a line each. */
export function setupHints(modules: Iterable<ModuleRef>, { health }: ResolvedOptions): string[] {
  const ofTheApplication = [...modules].filter(({ providers }) => !providers.has(ShutdownHealthIndicator));
  const wrappers = ofTheApplication.flatMap(wrappersIn);
  const hints = wrappers.filter(isPerRequest).flatMap(perRequestHint);
  if (
    health.readinessPaths.length + health.livenessPaths.length === 0 &&
    wrappers.some((wrapper) => !isOfTerminus(wrapper) && dependsOn(wrapper, isHealthCheckService)) &&
    !wrappers.some((wrapper) => dependsOn(wrapper, ({ metatype }) => metatype === ShutdownHealthIndicator))
  ) {
    hints.push(
      'A health route of the application uses Terminus, and a shutdown does not make it fail. If it tells readiness, ' +
        'add ShutdownHealthIndicator to its checks, or name its path in health.readinessPaths; if liveness, name it in ' +
        'health.livenessPaths.',
    );
  }
  return hints;
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
      `@OnShutdown on ${(metatype as { name: string }).name}.${method} has no effect: an instance is made for each request. ` +
      'Move the method to a provider that there is one of.',
  );
}

function dependsOn(wrapper: InstanceWrapper, isMeant: (dependency: InstanceWrapper) => boolean): boolean {
  const properties = wrapper.getPropertiesMetadata() as { wrapper: InstanceWrapper }[] | undefined;
  return [
    // Neither is there for providers that are values.
    ...(wrapper.getCtorMetadata() ?? []),
    ...(properties ?? []).map((property) => property.wrapper),
  ].some(isMeant);
}

// By their names: an application may have a copy of Terminus of its own.
function isHealthCheckService({ metatype }: InstanceWrapper): boolean {
  return metatype?.name === 'HealthCheckService';
}

function isOfTerminus({ host }: InstanceWrapper): boolean {
  return host?.metatype?.name === 'TerminusModule';
}
