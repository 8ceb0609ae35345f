import { describe, expect, it } from '@jest/globals';
import { hasHook, HookWrapper } from '../../../../src/nest/lifecycle/hook-wrapper.js';
import type { HookOwner } from '../../../../src/nest/lifecycle/hook-wrapper.js';

const HOOK = 'onModuleDestroy';

/** Takes charge of every call, and notes it. */
function owner(name: string, calls: string[]): HookOwner {
  return {
    take: () => (call, args) => {
      calls.push(name);
      return call(args);
    },
  };
}

const absent: HookOwner = { take: () => undefined };

describe('a wrapper around a hook', () => {
  it('asks its owners in turn, and lets the first that takes the call carry it out', () => {
    const calls: string[] = [];
    const instance = { onModuleDestroy: (...given: unknown[]) => given };
    HookWrapper.around(instance, HOOK, absent);
    HookWrapper.around(instance, HOOK, owner('second', calls));
    HookWrapper.around(instance, HOOK, owner('third', calls));

    expect(instance.onModuleDestroy('a', 'b')).toEqual(['a', 'b']);
    expect(calls).toEqual(['second']);
  });

  it('is one for all owners of an instance, and goes with the last of them', () => {
    const instance = { onModuleDestroy: () => 'original' };
    const { onModuleDestroy } = instance;
    const [first, second] = [{ ...absent }, { ...absent }];
    const wrapper = HookWrapper.around(instance, HOOK, first);

    expect(HookWrapper.around(instance, HOOK, second)).toBe(wrapper);
    wrapper?.leave(first);
    expect(instance.onModuleDestroy).not.toBe(onModuleDestroy);
    wrapper?.leave(second);
    expect(instance.onModuleDestroy).toBe(onModuleDestroy);
  });

  it('stands in front of one that another version has put there', () => {
    const calls: string[] = [];
    const earlier = Object.assign(() => 'original', {
      [Symbol.for('nestjs-drain.hook-wrapper')]: { wraps: 1 },
    });
    const instance = { onModuleDestroy: earlier };
    const wrapper = HookWrapper.around(instance, HOOK, owner('ours', calls));

    expect(instance.onModuleDestroy()).toBe('original');
    expect(calls).toEqual(['ours']);
    wrapper?.leave(absent);
  });

  it('passes `this` on, and the instance where a caller has lost it', () => {
    const instance = {
      onModuleDestroy(): unknown {
        return this;
      },
    };
    HookWrapper.around(instance, HOOK, absent);
    const onModuleDestroy = Reflect.get(instance, HOOK) as () => unknown;
    const other = { onModuleDestroy };

    expect(instance.onModuleDestroy()).toBe(instance);
    expect(other.onModuleDestroy()).toBe(other);
    expect(onModuleDestroy()).toBe(instance);
  });

  it.each<[string, () => object]>([
    ['a frozen instance', () => Object.freeze({ onModuleDestroy: () => 'original' })],
    ['a sealed instance', () => Object.seal({ onModuleDestroy: () => 'original' })],
    [
      'a property that cannot be configured',
      () => Object.defineProperty({}, HOOK, { value: () => 'original', writable: false }),
    ],
    [
      'a proxy that answers with something else',
      () => new Proxy({}, { get: () => () => 'original', getOwnPropertyDescriptor: () => undefined }),
    ],
    [
      'a revoked proxy',
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
  ])('is refused by %s, which stays as it is', (_what, create) => {
    const instance = create();
    const call = (): unknown => (instance as { onModuleDestroy(): unknown }).onModuleDestroy();
    const before = attempt(call);

    expect(HookWrapper.around(instance, HOOK, absent)).toBeUndefined();
    expect(attempt(call)).toEqual(before);
  });

  it('leaves nothing on the target of a proxy that answers with something else', () => {
    const target = {};
    const proxy = new Proxy(target, { get: () => () => 'virtual' });

    HookWrapper.around(proxy, HOOK, absent);

    expect(Reflect.ownKeys(target)).toEqual([]);
  });

  it('knows when somebody has put something in its place', () => {
    const instance = { onModuleDestroy: () => 'original' };
    const wrapper = HookWrapper.around(instance, HOOK, absent);
    expect(wrapper?.isInPlace).toBe(true);

    const replacement = () => 'replaced';
    instance.onModuleDestroy = replacement;
    expect(wrapper?.isInPlace).toBe(false);
    wrapper?.leave(absent);
    expect(instance.onModuleDestroy).toBe(replacement);
  });

  it('does no harm on an instance that was frozen meanwhile', () => {
    const instance = { onModuleDestroy: () => 'original' };
    const wrapper = HookWrapper.around(instance, HOOK, absent);
    Object.freeze(instance);

    wrapper?.leave(absent);

    expect(instance.onModuleDestroy()).toBe('original');
  });

  it('does not stand for an instance that inherits from the wrapped one', () => {
    const calls: string[] = [];
    const parent = { onModuleDestroy: () => 'original' };
    const child = Object.create(parent) as typeof parent;
    const wrapper = HookWrapper.around(parent, HOOK, owner('parent', calls));

    expect(HookWrapper.around(child, HOOK, owner('child', calls))).not.toBe(wrapper);
    expect(child.onModuleDestroy()).toBe('original');
    expect(calls).toEqual(['child', 'parent']);
  });
});

describe('hasHook', () => {
  it.each<[string, object, boolean]>([
    ['a method', { onModuleDestroy: () => {} }, true],
    [
      'a getter that gives a function',
      {
        get onModuleDestroy() {
          return () => {};
        },
      },
      true,
    ],
    [
      'a getter that throws',
      {
        get onModuleDestroy(): never {
          throw new Error('not now');
        },
      },
      false,
    ],
    ['text', { onModuleDestroy: 'text' }, false],
    ['nothing', {}, false],
  ])('is asked of %s', (_what, instance, expected) => {
    expect(hasHook(instance, HOOK)).toBe(expected);
  });
});

function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
