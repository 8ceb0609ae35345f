import type { ModulesContainer } from '@nestjs/core';

/** Something that Nest may call lifecycle hooks on. */
export interface HookHost {
  readonly name: string;
  readonly moduleName: string;
  readonly instance: object;
}

type ModuleRef = ModulesContainer extends Map<string, infer M> ? M : never;
type InstanceWrapper = ReturnType<ModuleRef['getNonAliasProviders']>[number][1];

/**
 * Every static instance, in the order in which Nest calls destroy and shutdown hooks: modules by ascending distance;
 * within one, levels of the hierarchy from dependents to dependencies, and the module class last.
 *
 * DiscoveryService knows no injectables and no middleware, hence the containers themselves.
 */
export function hookHostsInNestOrder(modules: ReadonlyMap<string, ModuleRef>): HookHost[] {
  return [...modules.values()]
    .toSorted((a, b) => b.distance - a.distance)
    .toReversed()
    .flatMap(hostsOf);
}

function hostsOf(moduleRef: ModuleRef): HookHost[] {
  const [moduleClass, ...providers] = moduleRef.getNonAliasProviders();
  const moduleName = moduleRef.metatype?.name ?? 'unknown module';
  const wrappers = [moduleRef.controllers, moduleRef.injectables, moduleRef.middlewares, providers].flatMap(
    (collection) => [...collection].map(([, wrapper]) => wrapper as InstanceWrapper),
  );
  // Nest 11 knows no levels: there the sort changes nothing.
  const ordered = wrappers.toSorted((a, b) => levelOf(b) - levelOf(a));
  if (moduleClass) ordered.push(moduleClass[1] as InstanceWrapper);
  return ordered.flatMap((wrapper) =>
    instancesOf(wrapper).map((instance) => ({ name: nameOf(instance, wrapper), moduleName, instance })),
  );
}

function levelOf(wrapper: InstanceWrapper): number {
  return (wrapper as { hierarchyLevel?: number }).hierarchyLevel ?? 0;
}

function instancesOf(wrapper: InstanceWrapper): object[] {
  if (!wrapper.isDependencyTreeStatic()) return [];
  const candidates: unknown[] = wrapper.isTransient
    ? wrapper.getStaticTransientInstances().map((host) => host?.instance)
    : [wrapper.instance];
  return candidates.filter(
    (candidate): candidate is object =>
      (typeof candidate === 'object' && candidate !== null) || typeof candidate === 'function',
  );
}

function nameOf(instance: object, wrapper: InstanceWrapper): string {
  const className: unknown = instance.constructor?.name;
  const isClass =
    typeof className === 'string' && className !== '' && className !== 'Object' && className !== 'Function';
  return isClass ? className : String(wrapper.name ?? 'anonymous provider');
}
