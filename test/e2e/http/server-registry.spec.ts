import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer as createTcp, Server, type AddressInfo } from 'node:net';
import { Controller, Get, Inject, Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ServerRegistry, ShutdownError } from 'nestjs-drain';
import { createShutdown } from 'nestjs-drain/standalone';
import { deferred } from '../../../src/util/deferred.js';
import { Http2Client } from '../../support/http/http2-client.js';
import { RawClient } from '../../support/http/raw-client.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, coordinatorOf, createHttp, outcomesOf } from '../nest/applications.js';
import type { INestApplication } from '@nestjs/common';
import type { GracefulShutdownOptions } from 'nestjs-drain';
import type { PhasedCoordinator } from '../../../src/core/coordinator.js';

const HERE = /server-registry\.spec\.ts:\d+/;

const opened: Server[] = [];

/** Listens on any port. */
async function listening<S extends Server>(server: S): Promise<S> {
  opened.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

afterEach(async () => {
  await closeAll();
  for (const server of opened.splice(0)) server.close();
});
guardAgainstLeaks();

@Controller()
class OrdersController {
  @Get('orders/:id')
  order(): string {
    return 'served';
  }
}

async function application(
  create?: (typeof ADAPTERS)[number]['create'],
  options: GracefulShutdownOptions = { announceDelayMs: 0, logProgress: false },
): Promise<INestApplication> {
  const app = await createHttp({ controllers: [OrdersController], options }, create && { create });
  return app.init();
}

function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a server that is handed over', () => {
  it('is drained under its name: accepted requests are answered, late ones are refused', async () => {
    const app = await application();
    const end = deferred<void>();
    const server = await listening(
      createServer((_request, response) => void end.promise.then(() => response.end('done'))),
    );
    expect(app.get(ServerRegistry).serve(server, 'admin')).toBe(server);
    const client = await RawClient.connect(portOf(server));
    const received = once(server, 'request');
    client.get('/');
    await received;
    const idle = await RawClient.connect(portOf(server));

    const coordinator = coordinatorOf(app);
    const report = coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    coordinator.observe((event) => {
      if (event.type !== 'phase-entered' || event.phase !== 'drain') return;
      idle.get('/');
      void idle.untilResponses(1).then(() => end.resolve());
    });
    await client.ended;
    await idle.ended;

    expect(client.responses).toMatchObject([{ status: 200, headers: { connection: 'close' }, body: 'done' }]);
    expect(idle.responses).toMatchObject([{ status: 503 }]);
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
    expect(outcomesOf(await report, 'admin')).toContain('release: completed');
    expect(server.listening).toBe(false);
  });

  it('is drained with HTTP/2', async () => {
    const app = await application();
    const end = deferred<void>();
    const server = await listening(
      createHttp2((_request, response) => void end.promise.then(() => response.end('done'))),
    );
    app.get(ServerRegistry).serve(server, 'streams');
    const client = await Http2Client.connect('http', portOf(server));
    const received = once(server, 'request');
    const answer = client.ask('/');
    await received;

    const report = coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' });
    end.resolve();

    expect(await answer).toMatchObject({ status: 200, body: 'done' });
    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('can be handed over by a provider, before the application is created', async () => {
    const server = createServer();
    @Injectable()
    class AdminServer {
      constructor(@Inject(ServerRegistry) servers: ServerRegistry) {
        servers.serve(server);
      }
    }
    const app = await createHttp({ providers: [AdminServer], options: { logProgress: false } });
    await app.listen(0, '127.0.0.1');
    await listening(server);

    await app.close();

    expect(server.listening).toBe(false);
    expect(outcomesOf(coordinatorOf(app).report!, 'HTTP server')).toContain('release: completed');
    expect(outcomesOf(coordinatorOf(app).report!, 'HTTP server#2')).toContain('release: completed');
  });

  it('cuts requests that outlast the drain, by name', async () => {
    const options = { gracePeriodMs: 1_000, drainTimeoutMs: 50, announceDelayMs: 0, logProgress: false };
    const app = await application(undefined, options);
    const server = await listening(createServer(() => {}));
    app.get(ServerRegistry).serve(server, 'admin');
    const client = await RawClient.connect(portOf(server));
    const received = once(server, 'request');
    client.get('/stuck?secret=1');
    await received;

    const report = await coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' });

    expect(report).toMatchObject({
      status: 'failed',
      cuts: [{ participant: 'admin', kind: 'request', name: 'GET /stuck' }],
    });
  });

  it('can be closed by a hook of the application, like any server that the shutdown has closed', async () => {
    const app = await application();
    const server = await listening(createServer());
    app.get(ServerRegistry).serve(server);
    const errors: unknown[] = [];
    coordinatorOf(app).register({
      name: 'the application',
      flush: () => new Promise<void>((resolve) => server.close((error) => resolve(void errors.push(error)))),
    });

    await app.close();

    expect(errors).toEqual([undefined]);
    expect(errorOf(() => server.close())).toBeUndefined();
    expect(await new Promise((resolve) => server.close(resolve))).toMatchObject({
      code: 'ERR_SERVER_NOT_RUNNING',
    });
  });

  it('keeps its listener open until the end of the drain if it speaks another protocol', async () => {
    const app = await application();
    const server = await listening(createTcp((socket) => socket.end('hello')));
    app.get(ServerRegistry).serve(server, 'greeter');
    let greeting: string | undefined;
    coordinatorOf(app).register({
      name: 'the test',
      drain: async () => {
        const client = await RawClient.connect(portOf(server));
        greeting = (await client.ended).received;
      },
    });

    await coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' });

    expect(greeting).toBe('hello');
    expect(server.listening).toBe(false);
  });

  it.each([(): Server => createServer(), (): Server => createTcp()])(
    'lets nobody connect from the moment the shutdown is forced',
    async (create) => {
      const app = await application();
      const server = await listening(create());
      app.get(ServerRegistry).serve(server, 'public');
      const coordinator = coordinatorOf(app) as PhasedCoordinator;
      let isListening: boolean | undefined;
      coordinator.register({
        name: 'the test',
        drain: () => {
          expect(server.listening).toBe(true);
          coordinator.force('the test');
          isListening = server.listening;
        },
      });

      await coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });

      expect(isListening).toBe(false);
      expect(coordinator.report).toMatchObject({ status: 'forced' });
    },
  );

  it.each(ADAPTERS)('can be one that was already found: $adapter', async ({ create }) => {
    const app = await application(create);
    const handler: unknown = app.getHttpAdapter().getInstance();
    const own = app.getHttpServer() as HttpServer;
    const server = await listening(
      createServer((typeof handler === 'function' ? handler : own.listeners('request')[0]) as () => void),
    );
    const registry = app.get(ServerRegistry);
    registry.serve(server, 'public');
    registry.serve(own);

    await app.close();

    expect(server.listening).toBe(false);
    expect(outcomesOf(coordinatorOf(app).report!, `HTTP server on port`)).toEqual([]);
  });
});

describe('serve()', () => {
  it.each([{}, null, 7, { server: {} }])(
    'throws for a value that is not a server, with the location: %j',
    async (candidate) => {
      const app = await application();

      const error = errorOf(() => app.get(ServerRegistry).serve(candidate as unknown as Server));

      expect(error).toBeInstanceOf(ShutdownError);
      expect(error).toMatchObject({
        code: 'SHUTDOWN_SETUP_INVALID',
        message: expect.stringMatching(/requires a server.*called at .*: use the return value of listen\(\)/),
      });
      expect(String(error)).toMatch(HERE);
    },
  );

  it('throws for the same server twice, with both locations', async () => {
    const app = await application();
    const server = createServer();
    const registry = app.get(ServerRegistry);
    registry.serve(server, 'one');

    const error = errorOf(() => registry.serve(server, 'two'));

    expect(String(error)).toMatch(
      new RegExp(
        `called twice for the same server \\(at .*${HERE.source}.* and at .*${HERE.source}.*call it once`,
      ),
    );
  });

  it.each([(): Server => createServer(), (): Server => createTcp()])(
    'throws if the name is taken, and does not change the server',
    async (create) => {
      const app = await application();
      const [one, two] = [create(), create()];
      const registry = app.get(ServerRegistry);
      registry.serve(one, 'api');

      const error = errorOf(() => registry.serve(two, 'api'));
      registry.serve(two, 'admin');

      expect(String(error)).toMatch(
        new RegExp(
          `"api" \\(registered at .*${HERE.source}.*the same name.*${HERE.source}.*use another name`,
        ),
      );
    },
  );

  it('numbers servers without a name', async () => {
    const app = await application();
    const registry = app.get(ServerRegistry);
    registry.serve(createServer());
    registry.serve(createServer());

    await app.close();

    const names = coordinatorOf(app).report?.participants.map(({ name }) => name) ?? [];
    expect(names).toEqual(expect.arrayContaining(['HTTP server', 'HTTP server#2', 'HTTP server#3']));
  });

  it('throws once the shutdown has begun, but not during an announcement that can be undone', async () => {
    const app = await application();
    const coordinator = coordinatorOf(app);
    const registry = app.get(ServerRegistry);
    coordinator.announce();
    registry.serve(createServer(), 'in time');
    const over = coordinator.shutdown({ kind: 'close' });

    const error = errorOf(() => registry.serve(createServer(), 'late'));

    expect(error).toMatchObject({
      code: 'SHUTDOWN_TERMINATING',
      message: expect.stringMatching(/called during the shutdown \(at .*\).*call it earlier/),
    });
    await over;
    expect(outcomesOf(coordinator.report!, 'in time')).toContain('release: completed');
  });

  it('works the same without Nest', async () => {
    const shutdown = createShutdown({ exit: false, logger: { log() {}, warn() {}, error() {} } });
    const server = createServer();
    shutdown.serve(server);

    expect(String(errorOf(() => shutdown.serve(server)))).toMatch(HERE);
    expect(String(errorOf(() => shutdown.serve({} as Server)))).toMatch(HERE);
    shutdown.serve(createServer());
    await shutdown[Symbol.asyncDispose]();
    expect(errorOf(() => shutdown.serve(createServer()))).toMatchObject({ code: 'SHUTDOWN_TERMINATING' });
  });
});
