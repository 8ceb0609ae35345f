import { forwardRef, Global, Inject, Injectable, Module, Optional, Scope } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, INQUIRER, LazyModuleLoader, ModuleRef } from '@nestjs/core';
import type { FactoryProvider } from '@nestjs/common';
import { describeError, type Situations } from './compare.js';

@Injectable()
class Leaf {
  readonly kind = 'leaf';
}

class Missing {}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {
  static made = 0;
  readonly number = (Transient.made += 1);
  constructor(@Inject(INQUIRER) readonly inquirer: object | undefined) {}
}

@Injectable()
class First {
  constructor(@Inject(forwardRef(() => Second)) readonly second: object) {}
}

@Injectable()
class Second {
  constructor(@Inject(forwardRef(() => First)) readonly first: object) {}
}

function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return describeError(error);
  }
}

const nameOf = (value: unknown): string | undefined => (value as object | undefined)?.constructor.name;

/** What may be injected, and what may not. */
export const PROVIDERS: Situations = {
  'a missing optional dependency before another one': async (bench) => {
    @Injectable()
    class Service {
      constructor(
        @Optional() @Inject(Missing) readonly missing: unknown,
        @Inject(Leaf) readonly leaf: Leaf,
      ) {}
    }
    const app = await bench.createContext({ providers: [Leaf, Service] });
    const { missing, leaf } = app.get(Service);
    return [missing, nameOf(leaf)];
  },
  'a missing optional property': async (bench) => {
    @Injectable()
    class Service {
      @Optional() @Inject(Missing) readonly missing: unknown;
      @Inject(Leaf) readonly leaf!: Leaf;
    }
    const app = await bench.createContext({ providers: [Leaf, Service] });
    return [app.get(Service).missing, nameOf(app.get(Service).leaf)];
  },
  'a factory with missing optional dependencies': async (bench) => {
    const factory: FactoryProvider = {
      provide: 'made',
      useFactory: (...given: unknown[]) => given.map(nameOf),
      inject: [{ token: Missing, optional: true }, Leaf, { token: 'also missing', optional: true }, Leaf],
    };
    return (await bench.createContext({ providers: [Leaf, factory] })).get<unknown>('made');
  },
  'a missing dependency': (bench) => {
    @Injectable()
    class Service {
      constructor(@Inject(Missing) readonly missing: unknown) {}
    }
    return bench.createContext({ providers: [Service] });
  },
  'a missing dependency of an imported module': (bench) => {
    @Injectable()
    class Service {
      constructor(
        @Inject(Leaf) readonly leaf: unknown,
        @Inject('nobody has it') readonly missing: unknown,
      ) {}
    }
    @Module({ providers: [Leaf, Service] })
    class Deeper {}
    return bench.create({ imports: [Deeper] });
  },
  'an undefined import': (bench) => bench.create({ imports: [undefined as never] }),
  'an export that is not provided': (bench) => {
    @Module({ exports: [Leaf] })
    class Exporting {}
    return bench.create({ imports: [Exporting] });
  },
  'a circular import without forwardRef': (bench) => {
    @Module({ imports: [undefined as never] })
    class Inner {}
    return bench.create({ imports: [Inner] });
  },
  'forward references of providers': async (bench) => {
    const app = await bench.createContext({ providers: [First, Second] });
    return [nameOf(app.get(First).second), nameOf(app.get(Second).first)];
  },
  'forward references of modules': async (bench) => {
    @Module({ imports: [forwardRef(() => There)], providers: [First], exports: [First] })
    class Here {}
    @Module({ imports: [forwardRef(() => Here)], providers: [Second], exports: [Second] })
    class There {}
    const app = await bench.createContext({ imports: [Here] });
    return [
      nameOf(app.get(First, { strict: false }).second),
      nameOf(app.get(Second, { strict: false }).first),
    ];
  },
  'an inquirer of transient providers': async (bench) => {
    Transient.made = 0;
    @Injectable()
    class One {
      constructor(@Inject(Transient) readonly own: Transient) {}
    }
    @Injectable()
    class Two extends One {}
    const app = await bench.createContext({ providers: [Transient, One, Two] });
    const owns = [app.get(One).own, app.get(Two).own];
    return [
      owns.map(({ inquirer }) => nameOf(inquirer)),
      Transient.made,
      (await app.resolve(Transient)).inquirer,
    ];
  },
  'an inquirer before another dependency of a transient provider': async (bench) => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Log {
      constructor(
        @Inject(INQUIRER) readonly inquirer: object,
        @Inject(Leaf) readonly leaf: Leaf,
      ) {}
    }
    @Injectable()
    class Service {
      constructor(@Inject(Log) readonly log: Log) {}
    }
    const { log } = (await bench.createContext({ providers: [Leaf, Log, Service] })).get(Service);
    return [nameOf(log.inquirer), nameOf(log.leaf)];
  },
  'a chain of transient providers, with hooks': async (bench) => {
    const Hooked = bench.hooked('Inner');
    @Injectable({ scope: Scope.TRANSIENT })
    class Inner extends Hooked {}
    @Injectable({ scope: Scope.TRANSIENT })
    class Middle {
      constructor(@Inject(Inner) readonly inner: Inner) {}
    }
    @Injectable()
    class Outer {
      constructor(
        @Inject(Middle) readonly one: Middle,
        @Inject(Middle) readonly two: Middle,
        @Inject(Inner) readonly three: Inner,
      ) {}
    }
    const app = await bench.createContext({ providers: [Inner, Middle, Outer] });
    await app.close();
    return bench.notes.length;
  },
  'request-scoped providers': async (bench) => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      readonly number = (made += 1);
    }
    const app = await bench.create({ providers: [PerRequest] });
    await app.init();
    const resolved = [await app.resolve(PerRequest), await app.resolve(PerRequest)];
    return [made, resolved[0] === resolved[1], attempt(() => app.get(PerRequest).number)];
  },
  'aliases, values and factories, some of them asynchronous': async (bench) => {
    const app = await bench.createContext({
      providers: [
        Leaf,
        { provide: 'alias', useExisting: Leaf },
        { provide: 'value', useValue: 'plain' },
        { provide: 'null', useValue: null },
        { provide: 'later', useFactory: async (alias: unknown) => [nameOf(alias)], inject: ['alias'] },
        {
          provide: 'proxy',
          useValue: new Proxy({}, { get: (_, key) => (key === 'then' ? undefined : () => key) }),
        },
        {
          provide: 'frozen',
          useValue: Object.freeze({ onModuleInit: () => bench.note('frozen.onModuleInit') }),
        },
      ],
    });
    return ['alias', 'value', 'null', 'later'].map((token) => {
      const value = app.get<unknown>(token);
      return value instanceof Leaf ? 'Leaf' : value;
    });
  },
  'a factory that fails': (bench) =>
    bench.createContext({
      providers: [{ provide: 'broken', useFactory: () => Promise.reject(new Error('no connection')) }],
    }),
  'a global module, and one that is exported again': async (bench) => {
    @Global()
    @Module({ providers: [Leaf], exports: [Leaf] })
    class Everywhere {}
    @Module({ imports: [Everywhere], exports: [Everywhere] })
    class Between {}
    @Injectable()
    class Service {
      constructor(@Inject(Leaf) readonly leaf: Leaf) {}
    }
    @Module({ providers: [Service] })
    class Using {}
    const app = await bench.createContext({ imports: [Using, Between] });
    return nameOf(app.select(Using).get(Service).leaf);
  },
  'a dynamic module, once and with other metadata': async (bench) => {
    @Module({})
    class Dynamic {}
    const dynamic = (value: string) => ({
      module: Dynamic,
      providers: [{ provide: value, useValue: value }],
    });
    const app = await bench.createContext({ imports: [dynamic('a'), Promise.resolve(dynamic('b'))] });
    return [app.get<unknown>('a', { strict: false }), app.get<unknown>('b', { strict: false })];
  },
  'instances that ModuleRef creates': async (bench) => {
    @Injectable()
    class OnDemand {
      constructor(@Inject(Leaf) readonly leaf: Leaf) {}
    }
    @Injectable()
    class Creating {
      constructor(@Inject(ModuleRef) readonly moduleRef: ModuleRef) {}
    }
    const app = await bench.createContext({ providers: [Leaf, Creating] });
    return nameOf((await app.get(Creating).moduleRef.create(OnDemand)).leaf);
  },
  'a lazy module': async (bench) => {
    const Lazy = bench.hooked('Lazy');
    @Module({ providers: [Lazy], exports: [Lazy] })
    class LazyModule {}
    const app = await bench.create({});
    await app.init();
    const loader = app.get(LazyModuleLoader, { strict: false });
    const refs = [await loader.load(() => LazyModule), await loader.load(() => LazyModule)];
    await app.close();
    return refs.map((ref) => nameOf(ref.get(Lazy)));
  },
  'what discovery finds': async (bench) => {
    const app = await bench.createContext({ imports: [DiscoveryModule], providers: [Leaf, First, Second] });
    const wrappers = app.get(DiscoveryService).getProviders();
    return wrappers.filter(({ host }) => host?.name === 'RootModule').map(({ name }) => String(name));
  },
};
