import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import { createMock } from '@golevelup/ts-jest';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Transport } from '@nestjs/microservices';
import type { INestApplication } from '@nestjs/common';
import type { Bench } from './bench.js';
import type { Situations } from './compare.js';

@Injectable()
class Store {
  read(): string {
    return 'stored';
  }
}

@Controller()
class StoreController {
  constructor(@Inject(Store) private readonly store: Store) {}

  @Get('read')
  read(): string {
    return this.store.read();
  }
}

@Module({ controllers: [StoreController], providers: [Store], exports: [Store] })
class StoreModule {}

@Injectable()
class InNeed {
  constructor(
    @Inject('nobody') readonly first: unknown,
    @Inject(Store) readonly second: Store,
  ) {}
}

const CLASSES = { controllers: [StoreController], providers: [Store] };

function adapterOf(bench: Bench): INestApplication['getHttpAdapter'] extends () => infer A ? A : never {
  return bench.adapter();
}

/** Testing modules, and several applications of one module or adapter. */
export const TESTING_MODULES: Situations = {
  'an overridden provider': async (bench) => {
    const module = await bench
      .testing(CLASSES)
      .overrideProvider(Store)
      .useValue({ read: () => 'overridden' })
      .compile();
    const app = bench.keep(module.createNestApplication(adapterOf(bench)));
    return (await bench.serve(app))('/read');
  },
  'an overridden module': async (bench) => {
    @Module({
      controllers: [StoreController],
      providers: [{ provide: Store, useValue: { read: () => 'other' } }],
    })
    class OtherModule {}
    const module = await bench
      .testing({ imports: [StoreModule] })
      .overrideModule(StoreModule)
      .useModule(OtherModule)
      .compile();
    return (await bench.serve(bench.keep(module.createNestApplication(adapterOf(bench)))))('/read');
  },
  'a mocker that answers one token': async (bench) => {
    const module = await bench
      .testing({ providers: [InNeed, Store] })
      .useMocker((token) => (token === 'nobody' ? { isMock: true } : undefined))
      .compile();
    bench.keep(module);
    return [module.get(InNeed).first, module.get(InNeed).second.read()];
  },
  'a mocker that answers every token': async (bench) => {
    const module = await bench
      .testing({ providers: [InNeed] })
      .useMocker(() => ({ foo: 'mock' }))
      .compile();
    const app = bench.keep(module.createNestApplication(adapterOf(bench)));
    await app.init();
    return [app.get(InNeed).first, app.get(InNeed).second];
  },
  'a mocker that creates mocks for every token': async (bench) => {
    const module = await bench
      .testing({ controllers: [StoreController], providers: [InNeed] })
      .useMocker(createMock)
      .compile();
    const app = bench.keep(module.createNestApplication(adapterOf(bench)));
    await app.init();
    app.get<Store>(Store).read = () => 'mocked';
    return [app.get(StoreController).read(), typeof app.get(InNeed).first];
  },
  'a mocker that answers nothing': async (bench) =>
    bench
      .testing({ providers: [InNeed] })
      .useMocker(() => undefined)
      .compile(),
  'a module that is initialised twice': async (bench) => {
    const module = bench.keep(await bench.testing({ providers: [bench.hooked('Provider')] }).compile());
    await module.init();
    await module.init();
    await module.close();
    return bench.notes.length;
  },
  'a module that is initialised, and its application': async (bench) => {
    const module = await bench
      .testing({ ...CLASSES, providers: [Store, bench.hooked('Provider')] })
      .compile();
    await module.init();
    const app = bench.keep(module.createNestApplication(adapterOf(bench)));
    const answer = await (await bench.serve(app))('/read');
    await app.close();
    return answer;
  },
  'two applications of one module, one after the other': async (bench) => {
    const module = await bench
      .testing({ ...CLASSES, providers: [Store, bench.hooked('Provider')] })
      .compile();
    const answers = [];
    for (let count = 0; count < 2; count += 1) {
      const app = module.createNestApplication(adapterOf(bench));
      answers.push(await (await bench.serve(app))('/read'));
      await app.close();
    }
    return answers;
  },
  'two applications of one module at once': async (bench) => {
    const module = await bench.testing(CLASSES).compile();
    const first = bench.keep(module.createNestApplication(adapterOf(bench)));
    const answers = [await (await bench.serve(first))('/read')];
    const second = bench.keep(module.createNestApplication(adapterOf(bench)));
    answers.push(await (await bench.serve(second))('/read'));
    await second.close();
    await first.close();
    return answers;
  },
  'two applications of one module that are initialised together': async (bench) => {
    const module = await bench.testing(CLASSES).compile();
    const apps = [1, 2].map(() => bench.keep(module.createNestApplication(adapterOf(bench))));
    await Promise.all(apps.map((app) => app.init()));
    return apps.length;
  },
  'an application and a microservice of one module': async (bench) => {
    const module = await bench.testing(CLASSES).compile();
    const app = bench.keep(module.createNestApplication(adapterOf(bench)));
    const answer = await (await bench.serve(app))('/read');
    const microservice = bench.keep(
      module.createNestMicroservice({ transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } }),
    );
    await microservice.listen();
    await microservice.close();
    await app.close();
    return answer;
  },
  'two applications on one adapter': async (bench) => {
    const adapter = bench.adapter();
    const apps = [
      await bench.create({ ...CLASSES, providers: [Store, bench.hooked('One')] }, {}, adapter),
      await bench.create({ providers: [bench.hooked('Two')] }, {}, adapter),
    ];
    for (const app of apps) await app.init();
    // Fastify: its routes are in place when it is ready.
    if (adapter instanceof FastifyAdapter) await adapter.getInstance().ready();
    return (await bench.serve(apps[1]!))('/read');
  },
};
