import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import { ModulesContainer, NestFactory, SerializedGraph } from '@nestjs/core';
import { MessagePattern, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { once } from 'node:events';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { Situations } from './compare.js';

/** Hooks, applications of each kind, and what they leave. */
export const LIFECYCLES: Situations = {
  'hooks of providers, controllers and modules': async (bench) => {
    const [InDeeper, InMiddle, InRoot, OfController] = ['InDeeper', 'InMiddle', 'InRoot', 'OfController'].map(
      bench.hooked.bind(bench),
    ) as [never, never, never, never];
    const Deeper = bench.hooked('Deeper');
    Module({ providers: [InDeeper] })(Deeper);
    const Middle = bench.hooked('Middle');
    Module({ imports: [Deeper], providers: [InMiddle] })(Middle);
    Controller()(OfController);
    const app = await bench.create({ imports: [Middle], providers: [InRoot], controllers: [OfController] });
    await app.init();
    await app.close();
    return bench.notes.length;
  },
  'hooks of dependents and dependencies': async (bench) => {
    const Dependency = bench.hooked('Dependency');
    @Injectable()
    class Dependent extends bench.hooked('Dependent') {
      constructor(@Inject(Dependency) readonly dependency: object) {
        super();
      }
    }
    const app = await bench.createContext({ providers: [Dependent, Dependency, bench.hooked('Other')] });
    await app.close();
    return bench.notes.length;
  },
  'hooks of factories and values': async (bench) => {
    const Made = bench.hooked('Made');
    const app = await bench.createContext({
      providers: [
        { provide: 'made', useFactory: () => new Made() as object },
        { provide: 'value', useValue: new Made() as object },
        { provide: 'again', useExisting: 'value' },
      ],
    });
    await app.close();
    return bench.notes.length;
  },
  ...Object.fromEntries(
    ['onModuleInit', 'onApplicationBootstrap'].map((hook) => [
      `a failing ${hook}`,
      async (bench) => {
        const app = await bench.create({
          providers: [
            bench.hooked('Provider'),
            { provide: 'broken', useValue: { [hook]: () => Promise.reject(new Error('no connection')) } },
          ],
        });
        return app.init();
      },
    ]) satisfies [string, Situations[string]][],
  ),
  'a close before the first hook': async (bench) => {
    const app = await bench.create({ providers: [bench.hooked('Provider')] });
    await app.close();
    return bench.notes.length;
  },
  'a close of an application that does not listen': async (bench) => {
    const app = await bench.create({ providers: [bench.hooked('Provider')] });
    await app.init();
    await app.close();
    return bench.notes.length;
  },
  'a failing bootstrap, tried again': async (bench) => {
    let failures = 1;
    const flaky = {
      onModuleInit: () => (failures-- > 0 ? Promise.reject(new Error('not yet')) : bench.note('ready')),
    };
    const app = await bench.create({ providers: [{ provide: 'flaky', useValue: flaky }] });
    await app.init().catch((error: Error) => bench.note(error.message));
    await app.init();
    await app.close();
    return bench.notes.length;
  },
  'an application context, and what it keeps': async (bench) => {
    const app = await bench.createContext({ providers: [bench.hooked('Provider')] });
    await app.close();
    return bench.notes.length;
  },
  'a preview': async (bench) => {
    const app = await bench.create({ providers: [bench.hooked('Provider')] }, { preview: true });
    await app.init();
    return [...app.get(ModulesContainer).values()].map(({ name }) => name).includes('RootModule');
  },
  'a preview of a context': async (bench) => {
    await bench.createContext({ providers: [bench.hooked('Provider')] }, { preview: true });
    return 'created';
  },
  'a snapshot of the graph': async (bench) => {
    const { Provider, app } = await (async () => {
      const hooked = bench.hooked('Provider');
      return { Provider: hooked, app: await bench.create({ providers: [hooked] }, { snapshot: true }) };
    })();
    await app.init();
    const { nodes, status } = app.get(SerializedGraph).toJSON() as {
      nodes: Record<string, { label: string; metadata: object }>;
      status?: string;
    };
    return [status, Object.values(nodes).filter(({ label }) => label === Provider.name).length];
  },
  'a graph that cannot be built, with a snapshot': (bench) => {
    @Injectable()
    class Service {
      constructor(@Inject('nobody') readonly missing: unknown) {}
    }
    return bench.create({ providers: [Service] }, { snapshot: true });
  },
  'a microservice': async (bench) => {
    @Controller()
    class Messages {
      @MessagePattern('sum')
      sum(numbers: number[]): number {
        return numbers.reduce((a, b) => a + b, 0);
      }
    }
    const app = bench.keep(
      await NestFactory.createMicroservice<MicroserviceOptions>(
        bench.root({ controllers: [Messages], providers: [bench.hooked('Provider')] }),
        {
          transport: Transport.TCP,
          options: { host: '127.0.0.1', port: 0 },
          logger: false,
          abortOnError: false,
        },
      ),
    );
    await app.listen();
    await app.close();
    return bench.notes.length;
  },
  'a hybrid application': async (bench) => {
    @Controller()
    class Both {
      @Get()
      get(): string {
        return 'http';
      }

      @MessagePattern('get')
      answer(): string {
        return 'message';
      }
    }
    const app = await bench.create({ controllers: [Both], providers: [bench.hooked('Provider')] });
    app.connectMicroservice<MicroserviceOptions>(
      { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
      { inheritAppConfig: true },
    );
    await app.startAllMicroservices();
    const answer = await (await bench.serve(app))('/');
    await app.close();
    return answer;
  },
  'a gateway of ws': async (bench) => {
    @WebSocketGateway({ path: '/ws' })
    class Gateway {
      handleConnection = (): void => bench.note('connected');
      handleDisconnect = (): void => bench.note('disconnected');
      @SubscribeMessage('say')
      say(_client: unknown, data: unknown): object {
        return { event: 'said', data };
      }
    }
    const app = await bench.create({ providers: [Gateway] });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    const socket = new WebSocket(`${(await app.getUrl()).replace('http', 'ws')}/ws`);
    await once(socket, 'open');
    socket.send(JSON.stringify({ event: 'say', data: [1] }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    await once(socket, 'close');
    return data.toString();
  },
  'a gateway of socket.io': async (bench) => {
    @WebSocketGateway()
    class Gateway {
      @SubscribeMessage('say')
      say(_client: unknown, data: unknown): unknown {
        return data;
      }
    }
    const app = await bench.create({ providers: [Gateway] });
    app.useWebSocketAdapter(new IoAdapter(app));
    await app.listen(0, '127.0.0.1');
    const socket = io(await app.getUrl(), { reconnection: false });
    const answer: unknown = await socket.emitWithAck('say', { a: 1 });
    socket.disconnect();
    return answer;
  },
};
