import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Module, Post, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { NEVER } from 'rxjs';
import { enableGracefulShutdown } from '../../../src/nest/enable-graceful-shutdown.js';
import { GracefulShutdownModule } from '../../../src/nest/graceful-shutdown.module.js';
import { eventually } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS } from '../http/served-application.js';
import { LogLines } from '../nest/applications.js';
import type { INestApplication } from '@nestjs/common';
import type { Adapter } from '../http/served-application.js';

/** An instance of Express or Fastify, as far as routes are concerned. */
interface Framework {
  get(path: string, handler: () => void): void;
}

@Controller('chats')
class ChatsController {
  @Sse(':id/events')
  events() {
    return NEVER;
  }

  @Post('answers')
  answer(): void {}
}

@Module({ controllers: [ChatsController] })
class ChatsModule {}

describe.each(ADAPTERS)('a policy for the event streams of a route, on $name,', (adapter) => {
  let app: INestApplication | undefined;

  afterEach(() => app?.close());
  guardAgainstLeaks();

  async function hintsFor(routes: readonly string[]): Promise<string[]> {
    const log = new LogLines();
    const eventStreams = routes.map((route) => ({ route, policy: 'finish' }) as const);
    const imported = GracefulShutdownModule.forRoot({ exit: false, eventStreams });
    @Module({ imports: [imported, ChatsModule] })
    class AppModule {}
    app = await NestFactory.create(AppModule, (adapter as Adapter).create(), { logger: log });
    enableGracefulShutdown(app);
    app.setGlobalPrefix('api');
    app.use('/mcp', (_request: unknown, _response: unknown, next: () => void) => next());
    (app.getHttpAdapter().getInstance() as Framework).get('/own/:name', () => {});
    await app.listen(0, '127.0.0.1');
    // The hints come when the server listens, in front of nothing else.
    await new Promise((resolve) => setImmediate(resolve));
    await eventually(() => log.of('log', 'Nest application successfully started').length > 0);
    return log.of('warn', 'eventStreams');
  }

  it('that exists says nothing in the log', async () => {
    const routes = [
      '/mcp',
      '/mcp/messages',
      '/api/chats/:id/events',
      'POST /api/chats/answers',
      '/own/x',
      '/live/*',
    ];
    expect(await hintsFor(routes)).toEqual([]);
  });

  it('that does not exist says so, for each at once, and the application starts', async () => {
    expect(await hintsFor(['/mpc', '/mcp', '/chats/:id/events', '/nowhere/at/all'])).toEqual([
      expect.stringContaining('eventStreams[0] may have no effect: the application has no route /mpc'),
      expect.stringContaining(
        'eventStreams[2] may have no effect: the application has no route /chats/:id/events',
      ),
      expect.stringContaining(
        'eventStreams[3] may have no effect: the application has no route /nowhere/at/all',
      ),
    ]);
  });
});
