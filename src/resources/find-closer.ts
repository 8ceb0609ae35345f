import { nearestName } from '../util/nearest-name.js';
import { callMethod, hasMethod, read } from '../util/foreign.js';
import { recognise } from './known-clients.js';
import type { KnownClient } from './known-clients.js';
import type { ResourceOptions } from './resource-options.js';

/** How a resource is closed. */
export interface Closer {
  /** Description for logs and errors: `pg Pool`, `close()`. */
  readonly label: string;
  readonly client: KnownClient | undefined;
  /** Whether it is a function of the program. It may do more than close, so none of its errors is tolerated. */
  readonly isOwn: boolean;
  call(signal: AbortSignal): unknown;
}

/** Common names of methods that close something. */
const CLOSING_NAMES = [
  'close',
  'end',
  'quit',
  'disconnect',
  '$disconnect',
  'destroy',
  'shutdown',
  'stop',
  'dispose',
  'terminate',
] as const;

const DISPOSERS = ['asyncDispose', 'dispose'] as const;

/**
 * Determines how to close a resource: as configured, otherwise as its recognised kind requires, otherwise with its
 * disposer, otherwise with its only method that has a closing name.
 *
 * @returns the problem, as text, if no way is found or several are
 */
export function findCloser(resource: object, asked: ResourceOptions['close']): Closer | string {
  const client = recognise(resource);
  if (typeof asked === 'function') {
    return {
      label: 'a function',
      client,
      isOwn: true,
      call: (signal) => (asked as (resource: object, signal: AbortSignal) => unknown)(resource, signal),
    };
  }
  if (asked !== undefined) {
    return typeof asked === 'string' && hasMethod(resource, asked)
      ? { label: `${asked as string}()`, client, isOwn: false, call: () => callMethod(resource, asked) }
      : missing(resource, asked);
  }
  if (client) return { label: client.label, client, isOwn: false, call: () => client.close(resource) };
  return disposer(resource) ?? byName(resource);
}

function disposer(resource: object): Closer | undefined {
  const name = DISPOSERS.find((candidate) => {
    const symbol: symbol | undefined = Symbol[candidate];
    return symbol !== undefined && hasMethod(resource, symbol);
  });
  if (!name) return undefined;
  return {
    label: `[Symbol.${name}]()`,
    client: undefined,
    isOwn: false,
    call: () => callMethod(resource, Symbol[name]),
  };
}

function byName(resource: object): Closer | string {
  const found = CLOSING_NAMES.filter((name) => hasMethod(resource, name));
  const [name] = found;
  if (name === undefined) return `has no method that closes it: ${methodsFound(resource)}. ${HOW_TO_CHOOSE}`;
  if (found.length > 1) {
    return `has several methods that could close it: ${found.map((each) => `${each}()`).join(', ')}. ${HOW_TO_CHOOSE}`;
  }
  return { label: `${name}()`, client: undefined, isOwn: false, call: () => callMethod(resource, name) };
}

const HOW_TO_CHOOSE =
  "Use close: 'method', or close: (resource) => … for a method that takes arguments or a callback";

function missing(resource: object, asked: unknown): string {
  const nearest = nearestName(String(asked), methodNames(resource));
  return (
    `has no method ${JSON.stringify(asked)}: ` +
    (nearest === undefined ? methodsFound(resource) : `did you mean ${nearest}()?`)
  );
}

/** Upper limit of method names in a message. */
const MOST_METHODS_SHOWN = 20;

function methodsFound(resource: object): string {
  const names = methodNames(resource);
  if (names.length === 0) return 'it has no methods';
  const shown = names.slice(0, MOST_METHODS_SHOWN).map((name) => `${name}()`);
  const more = names.length - shown.length;
  return `it has ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function methodNames(resource: object): string[] {
  const names = new Set<string>();
  try {
    for (let owner = resource; owner && !isBuiltIn(owner); owner = Object.getPrototypeOf(owner) as object) {
      for (const name of Object.getOwnPropertyNames(owner)) {
        if (name !== 'constructor' && typeof read(resource, name) === 'function') names.add(name);
      }
    }
  } catch {
    // A proxy may throw.
  }
  return [...names];
}

function isBuiltIn(prototype: object): boolean {
  return prototype === Object.prototype || prototype === Function.prototype;
}
