import { describe, expect, it } from '@jest/globals';
import { overrideMethod } from '../../../src/util/override-method.js';
import { overrideProperty } from '../../../src/util/override-property.js';

type Method = (...args: unknown[]) => unknown;

class Greeter {
  readonly name = 'Ada';

  greet(greeting: string): string {
    return `${greeting} ${this.name}`;
  }
}

const inBrackets =
  (left: string, right: string) =>
  (original: Method): Method =>
  (...args) =>
    `${left}${String(original(...args))}${right}`;

/** What instrumentation does: wraps by assignment, and puts back what it found. */
function wrapByHand(target: Greeter): () => void {
  const found = Reflect.get(target, 'greet');
  target.greet = function (greeting) {
    return `<${found.call(this, greeting)}>`;
  };
  return () => {
    target.greet = found;
  };
}

describe('an overridden method', () => {
  it('is called around the original, on the object it is called on', () => {
    const greeter = new Greeter();
    const restore = overrideMethod(greeter, 'greet', inBrackets('(', ')'));
    const heir = Object.create(greeter, { name: { value: 'Grace' } }) as Greeter;
    expect([greeter.greet('Hi'), heir.greet('Hi')]).toEqual(['(Hi Ada)', '(Hi Grace)']);
    restore();
    expect(Object.hasOwn(greeter, 'greet')).toBe(false);
  });

  it.each([
    ['first A, then B', ['A', 'B']],
    ['first B, then A', ['B', 'A']],
    ['each twice', ['A', 'A', 'B', 'B', 'A']],
  ] as const)('leaves nothing behind, whatever the order of two restores: %s', (_, order) => {
    const greeter = new Greeter();
    const restore = {
      A: overrideMethod(greeter, 'greet', inBrackets('(', ')')),
      B: overrideMethod(greeter, 'greet', inBrackets('[', ']')),
    };
    expect(greeter.greet('Hi')).toBe('[(Hi Ada)]');
    restore[order[0]]();
    expect(greeter.greet('Hi')).toBe(order[0] === 'A' ? '[Hi Ada]' : '(Hi Ada)');
    for (const which of order.slice(1)) restore[which]();
    expect(greeter.greet('Hi')).toBe('Hi Ada');
    expect(Object.hasOwn(greeter, 'greet')).toBe(false);
  });

  it('is a plain pass-through under a wrapper that other code has put on since', () => {
    const greeter = new Greeter();
    const restore = overrideMethod(greeter, 'greet', inBrackets('(', ')'));
    const unwrap = wrapByHand(greeter);
    restore();
    expect(greeter.greet('Hi')).toBe('<Hi Ada>');
    restore();
    expect(greeter.greet('Hi')).toBe('<Hi Ada>');
    unwrap();
    expect(greeter.greet('Hi')).toBe('Hi Ada');
  });

  it('does not pile up where other code puts an override back that is over', () => {
    const greeter = new Greeter();
    const restore = overrideMethod(greeter, 'greet', inBrackets('(', ')'));
    const unwrap = wrapByHand(greeter);
    restore();
    unwrap();
    overrideMethod(greeter, 'greet', inBrackets('[', ']'))();
    expect(Object.hasOwn(greeter, 'greet')).toBe(false);
  });

  it('stays under a wrapper that was there before', () => {
    const greeter = new Greeter();
    const unwrap = wrapByHand(greeter);
    const own = Object.getOwnPropertyDescriptor(greeter, 'greet');
    const restore = overrideMethod(greeter, 'greet', inBrackets('(', ')'));
    expect(greeter.greet('Hi')).toBe('(<Hi Ada>)');
    restore();
    expect(Object.getOwnPropertyDescriptor(greeter, 'greet')).toEqual(own);
    unwrap();
    expect(greeter.greet('Hi')).toBe('Hi Ada');
  });

  it('gives an accessor back as an accessor', () => {
    const greeter = {
      name: 'Ada',
      get greet() {
        return (greeting: string) => `${greeting} ${this.name}`;
      },
    };
    const restore = overrideMethod(greeter, 'greet', inBrackets('(', ')'));
    expect(greeter.greet('Hi')).toBe('(Hi Ada)');
    restore();
    expect(Object.getOwnPropertyDescriptor(greeter, 'greet')).not.toHaveProperty('value');
    expect(greeter.greet('Hi')).toBe('Hi Ada');
  });

  it('asks an inherited accessor on behalf of the object', () => {
    class Lazy extends Greeter {
      get welcome(): Method {
        return (greeting) => `${String(greeting)} ${this.name}`;
      }
    }
    const lazy = new Lazy();
    const restore = overrideMethod(lazy, 'welcome', inBrackets('(', ')'));
    expect(lazy.welcome('Hi')).toBe('(Hi Ada)');
    restore();
    expect(Object.hasOwn(lazy, 'welcome')).toBe(false);
  });

  it.each([
    ['frozen', Object.freeze(new Greeter())],
    ['sealed', Object.seal(new Greeter())],
    [
      'a proxy that throws',
      new Proxy(new Greeter(), {
        defineProperty() {
          throw new Error('hands off');
        },
      }),
    ],
  ])('is left alone on an object that is %s', (_, greeter) => {
    const restore = overrideMethod(greeter, 'greet', inBrackets('(', ')'));
    expect(greeter.greet('Hi')).toBe('Hi Ada');
    restore();
    expect(greeter.greet('Hi')).toBe('Hi Ada');
  });

  it('is overridden where it can be assigned but not configured, and put back', () => {
    const greeter = Object.seal({ greet: (greeting: string) => `${greeting} you` });
    const before = Object.getOwnPropertyDescriptor(greeter, 'greet');
    const restore = overrideMethod(greeter, 'greet', inBrackets('(', ')'));
    expect(greeter.greet('Hi')).toBe('(Hi you)');
    restore();
    expect(Object.getOwnPropertyDescriptor(greeter, 'greet')).toEqual(before);
  });

  it('passes through on an object that was frozen in the meantime', () => {
    const greeter = new Greeter();
    const restore = overrideMethod(greeter, 'greet', inBrackets('(', ')'));
    Object.freeze(greeter);
    restore();
    expect(greeter.greet('Hi')).toBe('Hi Ada');
  });

  it.each([
    ['missing', {}],
    ['no function', { greet: 1 }],
    ['of an object without a prototype', Object.create(null) as object],
    [
      'behind an accessor that throws',
      Object.defineProperty({}, 'greet', {
        get() {
          throw new Error('not yet');
        },
      }),
    ],
  ])('needs a method: nothing happens where it is %s', (_, target) => {
    const before = Object.getOwnPropertyDescriptor(target, 'greet');
    overrideMethod(target, 'greet', inBrackets('(', ')'))();
    expect(Object.getOwnPropertyDescriptor(target, 'greet')).toEqual(before);
  });
});

describe('an overridden property', () => {
  it('is shown again, but never in the place of what other code has put there since', () => {
    const own = { engine: 'steam' };
    const car: { engine: object } = { engine: own };
    const restore = overrideProperty(car, 'engine', { engine: 'electric' });
    const theirs = { engine: 'nuclear' };
    car.engine = theirs;
    restore();
    expect(car.engine).toBe(theirs);
  });

  it('is inherited again where it was', () => {
    const own = { engine: 'steam' };
    const car = Object.create({ engine: own }) as { engine: object };
    const other = { engine: 'electric' };
    const restore = overrideProperty(car, 'engine', other);
    expect(car.engine).toBe(other);
    restore();
    expect([car.engine, Object.hasOwn(car, 'engine')]).toEqual([own, false]);
  });
});
