import 'reflect-metadata';
import { ShutdownError } from '../../core/errors.js';
import { constructorOf } from '../../util/foreign.js';
import { UniqueNames } from '../../util/unique-names.js';
import { THIS_COPY } from '../../util/this-copy.js';
import { warnIfModuleIsMissing } from './module-missing.js';
import { ofAnotherVersion } from './of-another-version.js';
import type { ResourceOptions } from '../../resources/resource-options.js';
import type { ResourceRegistry } from '../../resources/resource-registry.js';
import type { HookHost } from '../lifecycle/hook-hosts.js';

/** Options of {@link ShutdownResource}. */
export interface ShutdownResourceOptions<R extends object = object> extends ResourceOptions<R> {
  /** Name in logs, metrics and the report. Default: the class name. */
  readonly name?: string | undefined;
}

/** The metadata of a class; another copy of this package may have written it. */
interface Decoration<R extends object = object> {
  /** Path of the copy that the decorator comes from. */
  readonly copy: string;
  readonly options: ShutdownResourceOptions<R>;
}

const METADATA = Symbol.for('nestjs-drain.shutdown-resource');

/**
 * Closes the instances of a provider during shutdown, as {@link ResourceRegistry.register} does.
 *
 * They are registered when the application has started. Instances created per request do not take part. Several instances
 * of one class are told apart by their token and module in the name, otherwise by `#2`, `#3` and so on.
 *
 * @example
 * ```ts
 * @ShutdownResource({ type: 'cache', close: 'flushAndClose' })
 * ```
 * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` on anything but a class; when the application starts, the errors of
 *   {@link ResourceRegistry.register}
 */
export function ShutdownResource<R extends object = object>(options: ShutdownResourceOptions<R> = {}) {
  return (target: abstract new (...args: never[]) => R): void => {
    if (typeof target !== 'function') {
      throw new ShutdownError('SHUTDOWN_SETUP_INVALID', '@ShutdownResource() can only be used on a class');
    }
    const decoration: Decoration<R> = { copy: THIS_COPY, options };
    Reflect.defineMetadata(METADATA, decoration, target);
    warnIfModuleIsMissing(target.prototype as object, '@ShutdownResource()');
  };
}

/** Registers the instances of decorated classes, each instance once. */
export function registerDecoratedResources(hosts: readonly HookHost[], resources: ResourceRegistry): void {
  const names = new UniqueNames();
  const seen = new Set<object>();
  for (const { instance, name, place } of hosts) {
    const decorated = optionsOf(instance);
    if (!decorated || seen.has(instance)) continue;
    seen.add(instance);
    const { name: title = name, ...options } = decorated;
    resources.add(names.take(title), instance, options, place);
  }
}

function optionsOf(instance: object): ShutdownResourceOptions | undefined {
  const type = constructorOf(instance);
  if (typeof type !== 'function') return undefined;
  const decoration: unknown = Reflect.getMetadata(METADATA, type);
  if (decoration === undefined) return undefined;
  const { options } = Object(decoration) as Partial<Decoration>;
  if (typeof options === 'object') return options;
  throw ofAnotherVersion(`@ShutdownResource() on ${type.name}`, decoration);
}
