import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Module, Scope, UseGuards } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { GracefulShutdownModule } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { nestMajor } from '../../support/nest-major.js';
import { closeAll, LogLines, outcomesOf, remember, reportOf } from './applications.js';
import { Journal, witness } from './journal.js';
import { calls, closeAndListen, create, HOOKS, selfAware } from './shutdown-calls.js';
import type { Type } from '@nestjs/common';
import type { Parts } from './shutdown-calls.js';

afterEach(closeAll);
guardAgainstLeaks();

const KINDS: Record<string, Parts> = {
  'a class, and another that depends on it': (journal) => {
    @Injectable()
    class Dependency extends witness(journal, 'Dependency') {}
    @Injectable()
    class Dependent extends witness(journal, 'Dependent') {
      constructor(@Inject(Dependency) readonly dependency: Dependency) {
        super();
      }
    }
    return { providers: [Dependent, Dependency] };
  },
  'a controller, a provider, a guard and a module class': (journal) => {
    @Injectable()
    class Guard extends witness(journal, 'Guard') {
      canActivate(): boolean {
        return true;
      }
    }
    @Controller()
    @UseGuards(Guard)
    class OrdersController extends witness(journal, 'Controller') {}
    @Module({ controllers: [OrdersController], providers: [witness(journal, 'Provider')] })
    class OrdersModule extends witness(journal, 'Module') {}
    return { imports: [OrdersModule] };
  },
  'an alias': (journal) => {
    const Store = witness(journal, 'Store');
    return { providers: [Store, { provide: 'ALIAS', useExisting: Store }] };
  },
  'a value': (journal) => ({ providers: [{ provide: 'VALUE', useValue: selfAware(journal, 'VALUE') }] }),
  'one value under two names': (journal) => {
    const value = selfAware(journal, 'VALUE');
    return {
      providers: [
        { provide: 'ONE', useValue: value },
        { provide: 'TWO', useValue: value },
      ],
    };
  },
  'one value in two modules': (journal) => {
    const provider = { provide: 'VALUE', useValue: selfAware(journal, 'VALUE') };
    @Module({ providers: [provider] })
    class OtherModule {}
    return { imports: [OtherModule], providers: [provider] };
  },
  'a class in two modules': (journal) => {
    const Store = witness(journal, 'Store');
    @Module({ providers: [Store] })
    class OtherModule {}
    return { imports: [OtherModule], providers: [Store] };
  },
  'an asynchronous factory': (journal) => {
    const Store = witness(journal, 'Store');
    return { providers: [{ provide: 'STORE', useFactory: async () => new Store() }] };
  },
  'a factory that gives nothing': () => ({
    providers: [
      { provide: 'NULL', useFactory: () => null },
      { provide: 'TEXT', useValue: 'text' },
    ],
  }),
  'a class as a value, with static hooks': (journal) => {
    class Registry {}
    Object.assign(Registry, selfAware(journal, 'Registry'));
    return { providers: [{ provide: 'REGISTRY', useValue: Registry }] };
  },
  'a request-scoped class, and one that depends on it': (journal) => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest extends witness(journal, 'PerRequest') {}
    @Injectable()
    class Dependent extends witness(journal, 'Dependent') {
      constructor(@Inject(PerRequest) readonly perRequest: PerRequest) {
        super();
      }
    }
    return { providers: [PerRequest, Dependent, witness(journal, 'Static')] };
  },
  'a durable class': (journal) => {
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class PerTenant extends witness(journal, 'PerTenant') {
      constructor(@Inject(REQUEST) readonly request: unknown) {
        super();
      }
    }
    return { providers: [PerTenant, witness(journal, 'Static')] };
  },
  'a transient class, used by two': (journal) => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Connection extends witness(journal, 'Connection') {}
    @Injectable()
    class First extends witness(journal, 'First') {
      constructor(@Inject(Connection) readonly connection: Connection) {
        super();
      }
    }
    @Injectable()
    class Second extends witness(journal, 'Second') {
      constructor(@Inject(Connection) readonly connection: Connection) {
        super();
      }
    }
    return { providers: [Connection, First, Second] };
  },
  'a transient class that nobody uses': (journal) => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Connection extends witness(journal, 'Connection') {}
    return { providers: [Connection] };
  },
  'hooks that are properties of the instance': (journal) => {
    class Store {
      onModuleDestroy = (...given: unknown[]) => journal.note(`Store.onModuleDestroy(${given.join()})`);
      beforeApplicationShutdown = (...given: unknown[]) =>
        journal.note(`Store.beforeApplicationShutdown(${given.join()})`);
    }
    return { providers: [Store] };
  },
  'hooks that are getters': (journal) => {
    class Store {
      readonly journal = journal;
      get onModuleDestroy() {
        return () => this.journal.note('Store.onModuleDestroy() on itself');
      }
      get beforeApplicationShutdown() {
        return () => this.journal.note('Store.beforeApplicationShutdown() on itself');
      }
    }
    return { providers: [Store] };
  },
  'hooks that are no functions': () => ({
    providers: [{ provide: 'VALUE', useValue: { onModuleDestroy: 'no', beforeApplicationShutdown: 1 } }],
  }),
  'a hook that appears while the application starts': (journal) => {
    class Store {
      onModuleDestroy?: () => void;
      onModuleInit(): void {
        this.onModuleDestroy = () => journal.note('Store.onModuleDestroy()');
      }
    }
    return { providers: [Store] };
  },
  'a frozen instance': (journal) => {
    const Store = witness(journal, 'Store');
    return { providers: [{ provide: 'STORE', useFactory: () => Object.freeze(new Store()) }] };
  },
  'an instance that is frozen while the application starts': (journal) => {
    class Store extends witness(journal, 'Store') {
      onModuleInit(): void {
        Object.freeze(this);
      }
    }
    return { providers: [Store] };
  },
  'a proxy that lets everything through': (journal) => {
    const Store = witness(journal, 'Store');
    return { providers: [{ provide: 'STORE', useFactory: () => new Proxy(new Store(), {}) }] };
  },
  'a proxy that has methods bound': (journal) => {
    const Store = witness(journal, 'Store');
    const get = (target: object, key: string): unknown => {
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    };
    return { providers: [{ provide: 'STORE', useFactory: () => new Proxy(new Store(), { get } as never) }] };
  },
  'a proxy whose hooks exist only when asked for': (journal) => {
    const get = (_target: object, key: string): unknown =>
      HOOKS.includes(key) ? () => journal.note(`VIRTUAL.${key}`) : undefined;
    return { providers: [{ provide: 'STORE', useFactory: () => new Proxy({}, { get } as never) }] };
  },
  'a proxy that answers for properties of its target, and makes up the rest': (journal) => {
    const get = (target: object, key: string): unknown => {
      if (Object.hasOwn(target, key)) return Reflect.get(target, key) as unknown;
      return HOOKS.includes(key) ? () => journal.note(`VIRTUAL.${key}`) : undefined;
    };
    return { providers: [{ provide: 'STORE', useFactory: () => new Proxy({}, { get } as never) }] };
  },
  'a proxy that describes its properties as empty': (journal) => {
    const Store = witness(journal, 'Store');
    const getOwnPropertyDescriptor = (): PropertyDescriptor => ({
      value: undefined,
      writable: true,
      enumerable: true,
      configurable: true,
    });
    return {
      providers: [
        { provide: 'STORE', useFactory: () => new Proxy(new Store(), { getOwnPropertyDescriptor }) },
      ],
    };
  },
  'a proxy that takes a property and forgets it': (journal) => {
    const Store = witness(journal, 'Store');
    const defineProperty = (): boolean => true;
    return {
      providers: [{ provide: 'STORE', useFactory: () => new Proxy(new Store(), { defineProperty }) }],
    };
  },
  'a proxy that refuses to be looked at': (journal) => {
    const refuse = (): never => {
      throw new TypeError('hands off');
    };
    const Store = witness(journal, 'Store');
    const traps = {
      has: refuse,
      ownKeys: refuse,
      defineProperty: refuse,
      deleteProperty: refuse,
      getOwnPropertyDescriptor: refuse,
      getPrototypeOf: refuse,
      get: (target: object, key: string): unknown => {
        // Nest 12 asks for it, too.
        if (key === 'constructor' && nestMajor === 11) refuse();
        return Reflect.get(target, key) as unknown;
      },
    };
    return { providers: [{ provide: 'STORE', useFactory: () => new Proxy(new Store(), traps as never) }] };
  },
  'an instance that inherits from another one': (journal) => {
    const parent = selfAware(journal, 'VALUE');
    return {
      providers: [
        { provide: 'PARENT', useValue: parent },
        { provide: 'CHILD', useFactory: () => Object.create(parent) as object },
      ],
    };
  },
};

describe('the same calls as on Nest alone, for', () => {
  it.each(Object.entries(KINDS))('%s', async (_kind, parts) => {
    const alone = await closeAndListen(parts, false);
    const ours = await closeAndListen(parts, true);

    expect(calls(ours)).toEqual(calls(alone));
    expect(ours.entries).toHaveLength(alone.entries.length);
    expect(reportOf(ours.app!).status).toBe('completed');
  });
});

it('calls no hook twice whose wrapper was refused: it is called in its own time, and not in the report', async () => {
  const journal = await closeAndListen(KINDS['a frozen instance']!, true);

  expect(journal.of('beforeApplicationShutdown')).toHaveLength(1);
  expect(journal.indexOf('Store.onModuleDestroy()')).toBeLessThan(
    journal.indexOf('Store.beforeApplicationShutdown()'),
  );
  expect(outcomesOf(reportOf(journal.app!), 'Store.beforeApplicationShutdown')).toEqual([]);
});

it('names the hooks that it cannot time, in one line at boot', async () => {
  const logger = new LogLines();
  const journal = new Journal();
  const Store = witness(journal, 'Store');
  const frozen = { provide: 'STORE', useFactory: () => Object.freeze(new Store()) };

  const app = await create(
    { providers: [frozen, witness(journal, 'Other')] },
    [GracefulShutdownModule],
    logger,
  );
  await app.close();

  expect(logger.of('warn', 'cannot be timed')).toEqual([
    expect.stringContaining(
      'Store.onModuleDestroy, Store.beforeApplicationShutdown, Store.onApplicationShutdown cannot be timed',
    ),
  ]);
});

it('leaves the property as it was, on whatever was wrapped', async () => {
  const journal = new Journal();
  const own = { onModuleDestroy: () => journal.note('own') };
  const accessor = Object.defineProperty({}, 'onModuleDestroy', {
    get: () => () => journal.note('accessor'),
    configurable: true,
    enumerable: true,
  });
  const inherited = new (witness(journal, 'Store'))();
  const values = [own, accessor, inherited];
  const describe = (): unknown[] => values.map((value) => Object.getOwnPropertyDescriptors(value));
  const before = describe();
  const app = await create(
    { providers: values.map((value, index) => ({ provide: `VALUE${index}`, useValue: value })) },
    [GracefulShutdownModule],
  );
  expect(describe()).not.toEqual(before);
  expect(Object.keys(own)).toEqual(['onModuleDestroy']);
  expect(Object.keys(inherited)).toEqual([]);

  await app.close();

  expect(describe()).toEqual(before);
  expect(journal.of('onModuleDestroy')).toEqual(['Store.onModuleDestroy()']);
  expect(journal.entries).toEqual(expect.arrayContaining(['own', 'accessor']));
});

describe('an application with overridden providers', () => {
  async function closeWithOverrides(isOurs: boolean): Promise<Journal> {
    const journal = new Journal();
    const [First, Second, Third] = ['First', 'Second', 'Third'].map((name) => witness(journal, name)) as [
      Type,
      Type,
      Type,
    ];
    const testing = await Test.createTestingModule({
      imports: isOurs ? [GracefulShutdownModule] : [],
      providers: [First, Second, Third],
    })
      .overrideProvider(First)
      .useValue(selfAware(journal, 'FirstMock'))
      .overrideProvider(Second)
      .useClass(witness(journal, 'SecondMock'))
      .overrideProvider(Third)
      .useFactory({ factory: () => selfAware(journal, 'ThirdMock') })
      .compile();
    const app = testing.createNestApplication();
    if (isOurs) remember(app);
    await app.init();
    await app.close();
    return journal;
  }

  it('hears the same calls, in the same order, as on Nest alone', async () => {
    const alone = await closeWithOverrides(false);
    const ours = await closeWithOverrides(true);

    expect(calls(ours)).toEqual(calls(alone));
    expect(ours.of('onModuleDestroy')).toHaveLength(3);
  });
});
