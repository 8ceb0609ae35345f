import { Readable } from 'node:stream';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import {
  BadRequestException,
  Body,
  Catch,
  Controller,
  Delete,
  Get,
  Head,
  Header,
  HttpCode,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Redirect,
  RequestMethod,
  Sse,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, RouterModule } from '@nestjs/core';
import { map, of, tap } from 'rxjs';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  MiddlewareConsumer,
  NestInterceptor,
  NestMiddleware,
  PipeTransform,
  VersioningOptions,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { Answer, Bench } from './bench.js';
import type { Situation, Situations } from './compare.js';

@Injectable()
class Guard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.getHandler().name !== 'forbidden';
  }
}

@Injectable()
class Interceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map((value: unknown) => (typeof value === 'string' ? `<${value}>` : value)),
      tap(() => undefined),
    );
  }
}

@Injectable()
class Pipe implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.toUpperCase() : value;
  }
}

@Catch(RangeError)
class Filter implements ExceptionFilter {
  catch(error: RangeError, host: ArgumentsHost): void {
    const response = host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: unknown): void } }>();
    response.status(418).send({ caught: error.message });
  }
}

@Controller('things')
class ThingsController {
  @Get()
  list(@Query('of') of = 'all'): string {
    return of;
  }

  @Get('observable')
  observable(): Observable<string> {
    return of('first', 'last');
  }

  @Get('forbidden')
  forbidden(): string {
    return 'never';
  }

  @Get('refused')
  refused(): never {
    throw new BadRequestException('not so', { description: 'why' });
  }

  @Get('broken')
  broken(): never {
    throw new Error('secret');
  }

  @Get('out-of-range')
  outOfRange(): never {
    throw new RangeError('too far');
  }

  @Get('moved')
  @Redirect('/things', 301)
  moved(): void {}

  @Get('empty')
  @HttpCode(204)
  empty(): void {}

  @Get('file')
  file(): StreamableFile {
    return new StreamableFile(Readable.from(['a', 'b', 'c']), { type: 'text/plain', disposition: 'inline' });
  }

  @Sse('events')
  events(): Observable<{ data: unknown; id: string }> {
    return of({ data: { n: 1 }, id: '1' }, { data: 'two', id: '2' });
  }

  @Head('head')
  @Header('X-Head', 'yes')
  head(): void {}

  @Get(':id')
  one(@Param('id', ParseIntPipe) id: number): object {
    return { id };
  }

  @Post()
  @UsePipes(Pipe)
  create(@Body() body: unknown, @Query('name') name: string): object {
    return { body, name };
  }

  @Delete(':id')
  remove(@Param('id') id: string): string {
    return `removed ${id}`;
  }
}

const GET = [
  '/things',
  '/things?of=some',
  '/things/observable',
  '/things/forbidden',
  '/things/refused',
  '/things/broken',
  '/things/out-of-range',
  '/things/moved',
  '/things/empty',
  '/things/file',
  '/things/events',
  '/things/12',
  '/things/twelve',
  '/thing',
  '/',
  '/things/%zz',
  '//',
  '/readyzz',
  '/healthy',
  '/drained',
];

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

async function askAll(ask: (path: string, init?: RequestInit) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const path of GET) answers.push(await ask(path));
  const others: [string, RequestInit][] = [
    ['/things?name=x', json({ a: [1, 'ä'] })],
    ['/things', json('{ not json')],
    [
      '/things',
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1&b=2' },
    ],
    ['/things/1', { method: 'DELETE' }],
    ['/things', { method: 'PUT' }],
    ['/things', { method: 'OPTIONS' }],
    ['/things/head', { method: 'HEAD' }],
    ['/things', { method: 'HEAD' }],
  ];
  for (const [path, init] of others) answers.push(await ask(path, init));
  return answers;
}

const THINGS = { controllers: [ThingsController] };

@UseGuards(Guard)
@UseInterceptors(Interceptor)
@UseFilters(Filter)
@Controller('things')
class DecoratedController extends ThingsController {}

@Controller('versions')
class VersionedController {
  @Version('1')
  @Get()
  one(): string {
    return 'one';
  }

  @Version(['2', '3'])
  @Get()
  two(): string {
    return 'two';
  }

  @Version(VERSION_NEUTRAL)
  @Get('neutral')
  neutral(): string {
    return 'neutral';
  }
}

@Controller({ path: 'versions', version: '4' })
class FourthController {
  @Get()
  four(): string {
    return 'four';
  }
}

const versioned =
  (options: VersioningOptions): Situation =>
  async (bench) => {
    const app = await bench.create({ controllers: [VersionedController, FourthController] });
    app.enableVersioning(options);
    const ask = await bench.serve(app);
    const answers = [];
    for (const version of ['1', '2', '3', '4', '5']) {
      for (const path of ['/versions', '/versions/neutral', `/v${version}/versions`]) {
        answers.push(
          await ask(path, { headers: { 'x-version': version, accept: `application/json;v=${version}` } }),
        );
      }
    }
    return answers;
  };

/** Middleware with properties of its own, as some packages have it. */
const marking = Object.assign(
  (request: { headers: Record<string, string> }, _response: unknown, next: () => void): void => {
    request.headers['x-marked'] = 'yes';
    next();
  },
  { isMarking: true },
);

@Injectable()
class ClassMiddleware implements NestMiddleware {
  use(_request: unknown, response: { setHeader(name: string, value: string): void }, next: () => void): void {
    response.setHeader('X-Class', 'yes');
    next();
  }
}

function withMiddleware(bench: Bench): object {
  @Module(THINGS)
  class WithMiddleware {
    configure(consumer: MiddlewareConsumer): void {
      consumer
        .apply(marking, ClassMiddleware)
        .exclude({ path: 'things/observable', method: RequestMethod.GET })
        .forRoutes(ThingsController);
    }
  }
  return { imports: [WithMiddleware], providers: [bench.hooked('Provider')] };
}

/** Applications that answer HTTP. */
export const HTTP: Situations = {
  'routes of every kind': async (bench) => askAll(await bench.serve(await bench.create(THINGS))),
  'guards, interceptors, filters and pipes of a controller': async (bench) =>
    askAll(await bench.serve(await bench.create({ controllers: [DecoratedController] }))),
  'guards, interceptors, filters and pipes of the application': async (bench) =>
    askAll(
      await bench.serve(
        await bench.create({
          ...THINGS,
          providers: [
            { provide: APP_GUARD, useClass: Guard },
            { provide: APP_INTERCEPTOR, useClass: Interceptor },
            { provide: APP_FILTER, useClass: Filter },
            { provide: APP_PIPE, useClass: Pipe },
          ],
        }),
      ),
    ),
  'global ones of the instance': async (bench) => {
    const app = await bench.create(THINGS);
    app.useGlobalGuards(new Guard()).useGlobalInterceptors(new Interceptor()).useGlobalFilters(new Filter());
    return askAll(await bench.serve(app));
  },
  'middleware of functions and classes': async (bench) =>
    askAll(await bench.serve(await bench.create(withMiddleware(bench)))),
  'middleware of the application': async (bench) => {
    const app = await bench.create(THINGS);
    app.use(
      (_request: unknown, response: { setHeader(name: string, value: string): void }, next: () => void) => {
        response.setHeader('X-Global', 'yes');
        next();
      },
    );
    return askAll(await bench.serve(app));
  },
  'a global prefix, with exceptions': async (bench) => {
    const app = await bench.create(THINGS);
    app.setGlobalPrefix('api', { exclude: ['things/observable'] });
    const ask = await bench.serve(app);
    return [await askAll(ask), await ask('/api/things/7'), await ask('/api')];
  },
  'modules with prefixes': async (bench) => {
    @Module({ controllers: [ThingsController] })
    class Inner {}
    const routes = [{ path: 'outer/:at', module: Inner }];
    const app = await bench.create({ imports: [Inner, RouterModule.register(routes)] });
    return (await bench.serve(app))('/outer/x/things/7');
  },
  CORS: async (bench) => {
    const app = await bench.create(THINGS, { cors: { origin: 'http://page.test', credentials: true } });
    const ask = await bench.serve(app);
    const headers = { origin: 'http://page.test', 'access-control-request-method': 'POST' };
    return [await ask('/things', { headers }), await ask('/things', { method: 'OPTIONS', headers })];
  },
  'raw bodies': async (bench) => {
    const app = await bench.create(THINGS, { rawBody: true });
    return (await bench.serve(app))('/things', json({ raw: true }));
  },
  'no body parser': async (bench) => {
    const app = await bench.create(THINGS, { bodyParser: false });
    return (await bench.serve(app))('/things?name=x', json({ raw: true }));
  },
  'versions in the URI': versioned({ type: VersioningType.URI }),
  'versions in a header': versioned({ type: VersioningType.HEADER, header: 'X-Version' }),
  'versions in the media type': versioned({ type: VersioningType.MEDIA_TYPE, key: 'v=' }),
  'versions by a function': versioned({
    type: VersioningType.CUSTOM,
    extractor: (request) => (request as { headers: Record<string, string> }).headers['x-version'] ?? '',
  }),
  'a default version': versioned({ type: VersioningType.HEADER, header: 'X-Version', defaultVersion: '2' }),
  'a port that is taken': async (bench) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const app = await bench.create(THINGS);
    try {
      return await app.listen((other.address() as AddressInfo).port, '127.0.0.1');
    } finally {
      other.close();
    }
  },
  'a port that is taken by the application itself': async (bench) => {
    const app = await bench.create(THINGS);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const other = await bench.create(THINGS);
    return other.listen(port, '127.0.0.1');
  },
  'listening before anything is initialised, and the URL': async (bench) => {
    const app = await bench.create(THINGS);
    await app.listen(0, '127.0.0.1');
    return (await app.getUrl()).replace(/\d+$/, 'port');
  },
};
