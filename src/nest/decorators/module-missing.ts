import { Logger } from '@nestjs/common';
import { processEnvironment } from '../../config/environment.js';
import { classNameOf, read } from '../../util/foreign.js';
import type { HookHost } from '../lifecycle/hook-hosts.js';

/** Holds the instances of applications that import the module, for all copies of this package with this protocol. */
const INSTANCES = Symbol.for('nestjs-drain.instances/1');

/** Hooks that Nest calls when an application has been created; the later one is preferred, since all is known by then. */
const BOOT_HOOKS = ['onApplicationBootstrap', 'onModuleInit'] as const;

/** The decorators of a class, by the hook that warns about them. */
const DECORATORS = new WeakMap<object, Set<string>>();

/** Records the instances of an application that imports the module. */
export function recordInstances(hosts: readonly HookHost[]): void {
  for (const { instance } of hosts) instancesOfApplications().add(instance);
}

/**
 * Gives a decorated class a hook that warns if its application does not import the module. Without the module, nothing
 * else of this package runs there.
 *
 * A class that has all boot hooks of its own gets none.
 */
export function warnIfModuleIsMissing(prototype: object, decorator: string): void {
  const known = BOOT_HOOKS.map((name) => DECORATORS.get(Object(read(prototype, name)) as object));
  const free = BOOT_HOOKS.find((name) => !(name in prototype));
  const decorators = known.find((found) => found !== undefined)?.add(decorator);
  if (decorators || free === undefined) return;
  addHook(prototype, free, new Set([decorator]));
}

function addHook(prototype: object, name: string, decorators: Set<string>): void {
  let hasWarned = false;
  const hook = function (this: object): void {
    if (hasWarned || instancesOfApplications().has(this) || processEnvironment().nodeEnv === 'test') return;
    hasWarned = true;
    new Logger('GracefulShutdown').warn(
      `${[...decorators].join(' and ')} on ${classNameOf(this)} has no effect: this application does not import ` +
        'GracefulShutdownModule. Add it to the imports of its root module: imports: [GracefulShutdownModule]',
    );
  };
  DECORATORS.set(hook, decorators);
  Object.defineProperty(prototype, name, { value: hook, configurable: true, writable: true });
}

function instancesOfApplications(): WeakSet<object> {
  const holder = globalThis as { [INSTANCES]?: WeakSet<object> };
  return (holder[INSTANCES] ??= new WeakSet());
}
