import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  All,
  BadRequestException,
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Module,
  Param,
  Post,
  Redirect,
  Req,
  Res,
  Sse,
  StreamableFile,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { GracefulShutdownModule } from 'nestjs-drain';
import { of, type Observable } from 'rxjs';
import { deferred, type Deferred } from '../../../src/util/deferred.js';
import { eventually } from '../../support/http/eventually.js';
import { expectNothingLeftBehind, rememberWhatIsThere } from '../../support/leak-guard.js';
import { ADAPTERS, coordinatorOf } from '../nest/applications.js';
import { CONVERSATIONS, type Conversation } from './conversations.js';
import { FORMS } from './forms.js';
import { timeless, Wire, withoutConnection } from './wire.js';

/** Requests wait here before they are answered, if it is closed. */
let gate: Deferred<void> | undefined;
let waiting = 0;

@Controller()
class Handlers {
  @All('form/:form')
  async form(
    @Param('form') form: string,
    @Req() request: IncomingMessage & { readonly raw?: IncomingMessage },
    @Res() response: ServerResponse & { readonly raw?: ServerResponse; hijack?(): void },
  ): Promise<void> {
    if (gate) {
      waiting += 1;
      await gate.promise;
    }
    response.hijack?.();
    FORMS[form]!(response.raw ?? response, request.raw ?? request);
  }

  @Get('nest/text')
  text(): string {
    return 'text';
  }

  @Get('nest/json')
  json(): object {
    return { some: ['json', 'ö'] };
  }

  @Post('nest/json')
  echo(@Body() body: unknown): unknown {
    return body;
  }

  @Get('nest/nothing')
  @HttpCode(204)
  nothing(): void {}

  @Get('nest/file')
  file(): StreamableFile {
    return new StreamableFile(Buffer.from('file'), { type: 'text/plain' });
  }

  @Sse('nest/events')
  events(): Observable<{ data: string }> {
    return of({ data: 'one' }, { data: 'two' });
  }

  @Get('nest/cookies')
  @Header('Set-Cookie', 'a=1')
  @Header('Cache-Control', 'no-store')
  cookies(): string {
    return 'cookies';
  }

  @Get('nest/refused')
  refused(): never {
    throw new BadRequestException('not so');
  }

  @Get('nest/broken')
  broken(): never {
    throw new Error('secret');
  }

  @Get('nest/moved')
  @Redirect('/elsewhere', 302)
  moved(): void {}
}

@Module({ controllers: [Handlers] })
class Bare {}

@Module({ controllers: [Handlers], imports: [GracefulShutdownModule.forRoot({ exit: false })] })
class Drained {}

interface Expressive {
  disable?(setting: string): void;
}

const isAnswered = (part: unknown): boolean => typeof part === 'string' && part.includes('/form/');

describe.each(ADAPTERS)('the bytes of responses on $adapter', ({ create }) => {
  let apps: { bare: INestApplication; drained: INestApplication };

  const start = async (root: object): Promise<INestApplication> => {
    const app = await NestFactory.create(root, create(), { logger: false });
    // With any header that was set before, Node treats the headers of writeHead in another way.
    (app.getHttpAdapter().getInstance() as Expressive).disable?.('x-powered-by');
    await app.listen(0, '127.0.0.1');
    return app;
  };
  const connect = (app: INestApplication): Promise<Wire> => Wire.connect(app.getHttpServer() as Server);
  const converse = async (app: INestApplication, conversation: Conversation): Promise<string> => {
    const wire = await connect(app);
    await wire.send(conversation);
    return wire.received(conversation);
  };

  /** The same, with something that happens while the handler is running. */
  const converseHeld = async (
    app: INestApplication,
    conversation: Conversation,
    meanwhile: () => void,
  ): Promise<string> => {
    const wire = await connect(app);
    const held = (gate = deferred());
    waiting = 0;
    await wire.send(conversation);
    await eventually(() => waiting > 0 || wire.finished > 0 || wire.hasEnded);
    meanwhile();
    gate = undefined;
    held.resolve();
    return wire.received(conversation);
  };

  beforeAll(async () => {
    rememberWhatIsThere();
    apps = { bare: await start(Bare), drained: await start(Drained) };
  });
  afterAll(async () => {
    await Promise.all([apps.bare.close(), apps.drained.close()]);
    await expectNothingLeftBehind();
  });

  it.each(CONVERSATIONS)('idle: $name', async (conversation) => {
    expect(timeless(await converse(apps.drained, conversation))).toBe(
      timeless(await converse(apps.bare, conversation)),
    );
  });

  it.each(CONVERSATIONS)('while announcing, but for the connection: $name', async (conversation) => {
    const coordinator = coordinatorOf(apps.drained);
    const bare = await converse(apps.bare, conversation);
    const wire = await connect(apps.drained);
    coordinator.announce();
    await wire.send(conversation);
    const announced = await wire.received(conversation);
    await coordinator.resume();

    expect(withoutConnection(announced)).toBe(withoutConnection(bare));
    expect(timeless(await converse(apps.drained, conversation))).toBe(timeless(bare));
  });

  it.each(CONVERSATIONS.filter(({ sends }) => sends.length === 1 && isAnswered(sends[0])))(
    'announced while it is answered, but for the connection: $name',
    async (conversation) => {
      const coordinator = coordinatorOf(apps.drained);
      const bare = await converseHeld(apps.bare, conversation, () => {});
      const announced = await converseHeld(apps.drained, conversation, () => coordinator.announce());
      await coordinator.resume();

      expect(withoutConnection(announced)).toBe(withoutConnection(bare));
    },
  );

  it('announces the end of the connection in each form that a response can have', async () => {
    const coordinator = coordinatorOf(apps.drained);
    const closed: string[] = [];
    const forms = CONVERSATIONS.filter(({ name }) => name in FORMS);
    for (const conversation of forms) {
      const wire = await connect(apps.drained);
      coordinator.announce();
      await wire.send(conversation);
      if (/^connection: close\r$/im.test(await wire.received(conversation))) closed.push(conversation.name);
      await coordinator.resume();
    }

    expect(forms.map(({ name }) => name).filter((name) => !closed.includes(name))).toEqual([
      // The application writes to the socket itself.
      'bytes on the socket',
    ]);
  });
});
