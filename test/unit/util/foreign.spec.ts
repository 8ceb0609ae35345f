import { describe, expect, it } from '@jest/globals';
import {
  classNameOf,
  constructorOf,
  hasMethod,
  hasMethods,
  isObject,
  read,
} from '../../../src/util/foreign.js';

class Bus {
  readonly field = (): void => {};
  publish(): void {}
}

describe('a foreign class', () => {
  it('is known by its methods, inherited ones and those of the instance included', () => {
    class Inheriting extends Bus {
      subscribe(): void {}
    }
    expect(hasMethods(new Inheriting(), ['publish', 'subscribe', 'field'])).toBe(true);
    expect(hasMethods(new Bus(), ['publish', 'subscribe'])).toBe(false);
  });

  it('is not asked: accessors are not run, and a proxy that answers with anything is none', () => {
    let reads = 0;
    const accessor = {
      get publish(): () => void {
        reads += 1;
        return () => {};
      },
    };
    expect(hasMethods(accessor, ['publish'])).toBe(false);
    expect(reads).toBe(0);
    expect(hasMethods(new Proxy({}, { get: () => () => {} }), ['publish'])).toBe(false);
  });

  it('is none when looking at it fails', () => {
    const broken = new Proxy(new Bus(), {
      getOwnPropertyDescriptor() {
        throw new Error('not here');
      },
    });
    expect(hasMethods(broken, ['publish'])).toBe(false);
  });

  it.each([
    [new Bus(), 'Bus'],
    [Object.create(null), 'anonymous class'],
    [undefined, 'Object'],
    [new (class {})(), 'anonymous class'],
  ])('has a name for people: %#', (instance, name) => {
    expect(classNameOf(instance)).toBe(name);
  });
});

describe('a foreign object that throws whatever it is asked', () => {
  const hostile = new Proxy(class {}, {
    get() {
      throw new Error('hands off');
    },
    getOwnPropertyDescriptor() {
      throw new Error('hands off');
    },
  });

  it('answers nothing', () => {
    expect(isObject(hostile)).toBe(true);
    expect(read(hostile, 'name')).toBeUndefined();
    expect(hasMethod(hostile, 'close')).toBe(false);
    expect(hasMethods(hostile, ['close'])).toBe(false);
    expect(constructorOf(hostile)).toBeUndefined();
    expect(classNameOf(hostile)).toBe('anonymous class');
    expect(classNameOf({ constructor: hostile }, 'nameless')).toBe('nameless');
  });
});
