import { classNameOf, isObject, read } from '../../util/foreign.js';
import { namesOf } from './host-names.js';
import type { HostNames } from './host-names.js';
import type { ModulesContainer } from '@nestjs/core';

/** An instance that Nest may call lifecycle hooks on. */
export interface HookHost {
  /** Its class, or its token; with the module where several would have the same name. */
  readonly name: string;
  readonly moduleName: string;
  /** The class of its module. */
  readonly moduleType: unknown;
  /** Its name and module, for messages. */
  readonly place: string;
  readonly instance: object;
  /** Position in Nest's order: the hooks of a batch are called together, and awaited before the next batch. */
  readonly batch: number;
}

type NewHost = Omit<HookHost, 'batch' | 'name' | 'place'> & HostNames;
type ModuleRef = ModulesContainer extends Map<string, infer M> ? M : never;
type InstanceWrapper = ReturnType<ModuleRef['getNonAliasProviders']>[number][1];

/** Static property that marks the classes of this package whose hooks are the gate and the end. */
export const UNBRIDGED = Symbol.for('nestjs-drain.unbridged');

/**
 * Returns every static instance in the order in which Nest calls destroy and shutdown hooks: modules by ascending
 * distance; within a module, batch by batch, and the module class last.
 *
 * It reads the containers, because DiscoveryService covers neither injectables nor middleware.
 */
export function hookHostsInNestOrder(modules: Iterable<ModuleRef>): HookHost[] {
  const hosts = [...modules]
    .toSorted((a, b) => b.distance - a.distance)
    .toReversed()
    .flatMap(batchesOf)
    .flatMap((members, batch) => members.map((host) => ({ ...host, batch })));
  const names = namesOf(hosts);
  return hosts.map(({ instance, moduleName, moduleType, batch }, index) => {
    const name = names[index]!;
    const inModule = ` in ${moduleName}`;
    const place = name.endsWith(inModule) ? name : name + inModule;
    return { name, moduleName, moduleType, place, instance, batch };
  });
}

function batchesOf(moduleRef: ModuleRef): NewHost[][] {
  const { controllers, injectables, middlewares } = moduleRef;
  const [moduleClass, ...providers] = moduleRef.getNonAliasProviders();
  const wrappers = (
    hasLevels(moduleRef)
      ? [controllers, injectables, middlewares, providers]
      : [controllers, providers, injectables, middlewares]
  ).flatMap((collection) => [...collection].map(([, wrapper]) => wrapper as InstanceWrapper));
  const levels = new Map<number, InstanceWrapper[]>();
  for (const wrapper of wrappers) {
    const level = levelOf(wrapper);
    const members = levels.get(level);
    if (members) members.push(wrapper);
    else levels.set(level, [wrapper]);
  }
  const batches = [...levels].toSorted(([a], [b]) => b - a).map(([, members]) => members);
  if (moduleClass) batches.push([moduleClass[1] as InstanceWrapper]);
  const moduleName = moduleRef.metatype?.name ?? 'unknown module';
  return batches.map((members) =>
    members.flatMap((wrapper) => hostsOf(wrapper, moduleName, moduleRef.metatype)),
  );
}

/** Nest 12 calls dependents before their dependencies; Nest 11 has no levels, and calls transient instances last. */
function levelOf(wrapper: InstanceWrapper): number {
  return (wrapper as { hierarchyLevel?: number }).hierarchyLevel ?? (wrapper.isTransient ? 0 : 1);
}

function hasLevels(moduleRef: ModuleRef): boolean {
  return moduleRef.getNonAliasProviders().some(([, wrapper]) => 'hierarchyLevel' in wrapper);
}

function hostsOf(wrapper: InstanceWrapper, moduleName: string, moduleType: unknown): NewHost[] {
  const { metatype } = wrapper;
  const isOurs = typeof metatype === 'function' && UNBRIDGED in metatype;
  if (isOurs || !wrapper.isDependencyTreeStatic()) return [];
  const candidates: unknown[] = wrapper.isTransient ? transientInstances(wrapper) : [wrapper.instance];
  return candidates.filter(isObject).map((instance) => ({
    className: classNameOf(instance, ''),
    token: tokenOf(wrapper),
    moduleName,
    moduleType,
    instance,
  }));
}

function transientInstances(wrapper: Partial<InstanceWrapper>): unknown[] {
  return (wrapper.getStaticTransientInstances?.() ?? []).map((host) => host?.instance as unknown);
}

/** Returns the token of a provider as text. */
function tokenOf({ token }: InstanceWrapper): string | undefined {
  const name: unknown =
    typeof token === 'symbol' ? token.description : isObject(token) ? read(token, 'name') : token;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
