import { ShutdownError } from '../../core/errors.js';
import { isObject } from '../../util/foreign.js';
import { THIS_COPY } from '../../util/this-copy.js';
import type { InjectionToken, Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

type ModuleRef = ModulesContainer extends Map<string, infer M> ? M : never;

/** Identifies the module class to other copies of this package, of any version. */
export const COPY = Symbol.for('nestjs-drain.module');

/**
 * The calls of `forRoot` and `forRootAsync`, by what they put into the container: the options, or the function that
 * makes them. The dynamic module itself does not get there.
 */
const CALLS = new WeakMap<object, Set<string>>();

/** Records a call of `forRoot` or `forRootAsync`: `forRoot at /app/dist/app.module.js:8:44`. */
export function recordCall(provided: unknown, call: string): void {
  if (!isObject(provided)) return;
  CALLS.set(provided, (CALLS.get(provided) ?? new Set()).add(call));
}

/**
 * Checks, before anything is created, that an application imports the module once and from one copy of this package.
 *
 * @param optionsToken token of what {@link recordCall} was called with
 * @throws {ShutdownError} that names each place
 */
export function checkImportedOnce(
  modules: ModulesContainer,
  module: Type,
  optionsToken: InjectionToken,
): void {
  const all = [...modules.values()];
  const imported = all.filter(({ metatype }) => metatype === module);
  if (imported.length > 1) {
    const places = new Set(imported.flatMap((moduleRef) => placesOf(moduleRef, all, optionsToken)));
    throw new ShutdownError(
      'SHUTDOWN_SETUP_INVALID',
      `GracefulShutdownModule is configured ${imported.length} times in one application: ` +
        `${[...places].join(', and ')}. It is global: import it once, in the root module, and remove the other imports.`,
    );
  }
  const others = all.flatMap(({ metatype }) => otherCopyOf(metatype, module));
  if (others.length > 0) {
    throw new ShutdownError(
      'SHUTDOWN_SETUP_INVALID',
      `GracefulShutdownModule is imported from two copies of nestjs-drain, at ${THIS_COPY} and at ${others.join(', ')}. ` +
        'Only one of them can drain an application: import it from one.',
    );
  }
}

function placesOf(moduleRef: ModuleRef, all: readonly ModuleRef[], optionsToken: InjectionToken): string[] {
  // What a factory makes is not there yet; its wrapper has the factory.
  const options = moduleRef.providers.get(optionsToken);
  const calls = [options?.metatype, options?.instance].flatMap((provided) =>
    isObject(provided) ? [...(CALLS.get(provided) ?? [])] : [],
  );
  if (calls.length > 0) return calls;
  const importers = all.filter(({ metatype }) => importsOf(metatype).includes(moduleRef.metatype));
  return importers.length === 0
    ? ['without options']
    : [`without options in ${importers.map(({ name }) => name).join(' and ')}`];
}

/** Returns the imports that a module class declares: those of its container include every global module. */
function importsOf(metatype: unknown): unknown[] {
  const imports: unknown = isObject(metatype) ? Reflect.getMetadata('imports', metatype) : undefined;
  return Array.isArray(imports) ? imports : [];
}

/** Returns the path of the copy that a module class comes from, if it is not this copy. */
function otherCopyOf(metatype: unknown, module: Type): string[] {
  const isOther = typeof metatype === 'function' && metatype !== module && Object.hasOwn(metatype, COPY);
  return isOther ? [String(Reflect.get(metatype, COPY))] : [];
}
