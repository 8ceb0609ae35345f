import { afterEach, describe, expect, it } from '@jest/globals';
import { callSite } from '../../../src/util/call-site.js';

/** A registry with a short way and a longer one. */
class Registry {
  register(): string {
    return callSite(this, 'register');
  }

  registerAll(): string {
    return [1].map(() => this.#add()).join();
  }

  registerLater = async (): Promise<string> => callSite(this as Registry, 'registerLater');

  #add(): string {
    return callSite(this as Registry, 'registerAll');
  }
}

const HERE = /^(\S.* )?\(?\S*call-site\.spec\.ts:\d+:\d+\)?$/;
const before = Object.getOwnPropertyDescriptors(Error);

afterEach(() => {
  for (const name of ['prepareStackTrace', 'stackTraceLimit'] as const) {
    const property = (before as PropertyDescriptorMap)[name];
    if (property) Object.defineProperty(Error, name, property);
    else Reflect.deleteProperty(Error, name);
  }
});

function registerHere(register: (registry: Registry) => string): string {
  return register(new Registry());
}

describe('the place of a call', () => {
  it('is where the method is called, however deep below it the question is', async () => {
    const places = [
      registerHere((registry) => registry.register()),
      registerHere((registry) => registry.registerAll()),
      await new Registry().registerLater(),
    ];
    for (const place of places) {
      expect(place).toMatch(HERE);
      expect(place).not.toContain('Registry.');
    }
  });

  it('leaves Error as it was', () => {
    const prepareStackTrace = (): unknown => ({});
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = 3;
    registerHere((registry) => registry.register());
    expect([Error.stackTraceLimit, Reflect.get(Error, 'prepareStackTrace')]).toEqual([3, prepareStackTrace]);
    Reflect.deleteProperty(Error, 'prepareStackTrace');
    Reflect.deleteProperty(Error, 'stackTraceLimit');
    registerHere((registry) => registry.register());
    expect(Object.keys(Error)).not.toEqual(expect.arrayContaining(['prepareStackTrace', 'stackTraceLimit']));
  });

  it('is said to be unknown when the method is not being called', () => {
    class Idle extends Registry {
      ask(): string {
        return callSite(this as Idle, 'register');
      }
    }
    expect(new Idle().ask()).toBe('unknown place');
  });
});
