import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Module, Scope } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { EventPattern, Server, type MicroserviceOptions } from '@nestjs/microservices';
import { enableGracefulShutdown } from 'nestjs-drain';
import { EMPTY, isObservable, Observable, of, throwError } from 'rxjs';
import { deferred } from '../../../src/util/deferred.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, coordinatorOf, createHttp, remember, rootModule } from '../nest/applications.js';
import { reached } from './clients.js';
import type { INestApplicationContext, INestMicroservice, Type } from '@nestjs/common';
import type { Deferred } from '../../../src/util/deferred.js';

afterEach(closeAll);
guardAgainstLeaks();

/** What a handler returns when it is told to end. */
const KINDS = {
  'a promise': async (told) => told.then(() => 'value'),
  'a promise that rejects': async (told) => told.then(() => Promise.reject(new Error('failed'))),
  'a value': () => 'value',
  'an error': () => {
    throw new Error('failed');
  },
  'an empty Observable': () => EMPTY,
  'an Observable that fails': () => throwError(() => new Error('failed')),
  'an Observable': (told, note) => lasting(told, note, (subscriber) => subscriber.next('value')),
  'an Observable that fails later': (told, note) =>
    lasting(told, note, (subscriber) => subscriber.error(new Error('failed'))),
  'an Observable that ends empty later': (told, note) => lasting(told, note, () => {}),
  'a promise of an Observable': async (told, note) => {
    await told;
    note('resolved');
    return of('value');
  },
} satisfies Record<string, (told: Promise<void>, note: (what: string) => void) => unknown>;
type Kind = keyof typeof KINDS;

type Scoping = 'static' | 'request-scoped';
interface Handler {
  readonly kind: Kind;
  readonly scope: Scoping;
}

function lasting(
  told: Promise<void>,
  note: (what: string) => void,
  end: (subscriber: { next(value: string): void; error(error: Error): void }) => void,
): Observable<string> {
  return new Observable((subscriber) => {
    note('subscribed');
    void told.then(() => {
      if (subscriber.closed) return;
      end(subscriber);
      subscriber.complete();
    });
    return () => note('torn down');
  });
}

/** Hands events over without a network. */
class Strategy extends Server {
  listen(callback: () => void): void {
    callback();
  }
  close(): void {}
  on(): void {}
  unwrap(): never {
    throw new Error('nothing in it');
  }
  stopIntake(): void {}
  startIntake(): void {}
}

/** An event whose handlers are registered in this order. */
class Event {
  readonly name: string;
  readonly controllers: readonly Type[];
  readonly notes: string[] = [];
  readonly #ends: readonly Deferred<void>[];
  readonly #requests: unknown[] = [];

  constructor(handlers: readonly Handler[]) {
    this.name = handlers.map(({ kind, scope }) => `${scope} ${kind}`).join(', ');
    this.#ends = handlers.map(() => deferred<void>());
    this.controllers = handlers.map((handler, index) => this.#controllerOf(handler, index));
  }

  /** Emits the event as a server does, and notes what becomes of it. */
  async emit(server: Server): Promise<void> {
    const note = (what: string): void => void this.notes.push(what);
    try {
      const result: unknown = await server.getHandlerByPattern(this.name)!('data', {});
      if (!isObservable(result)) return note(`result ${JSON.stringify(result)}`);
      result.subscribe({
        next: (value) => note(`result ${JSON.stringify(value)}`),
        error: ({ message }: Error) => note(`result failed: ${message}`),
        complete: () => note('result completed'),
      });
    } catch (error) {
      note(`rejected: ${(error as Error).message}`);
    }
  }

  /** Tells a handler to end. */
  end(index: number): void {
    this.#ends[index]!.resolve();
  }

  #controllerOf({ kind, scope }: Handler, index: number): Type {
    const { name } = this;
    const requests = this.#requests;
    const told = this.#ends[index]!.promise;
    const note = (what: string): void => void this.notes.push(`${index} ${what}`);
    const handle = (): unknown => {
      note('called');
      void told.then(() => note('told'));
      return KINDS[kind](told, note);
    };
    @Controller()
    class Static {
      @EventPattern(name)
      handle(_data: unknown): unknown {
        return handle();
      }
    }
    @Controller({ scope: Scope.REQUEST })
    class RequestScoped {
      constructor(@Inject(REQUEST) request: unknown) {
        if (!requests.includes(request)) requests.push(request);
        note(`made for request ${requests.indexOf(request)}`);
      }

      @EventPattern(name)
      handle(_data: unknown): unknown {
        return handle();
      }
    }
    return scope === 'static' ? Static : RequestScoped;
  }
}

/** An application that listens for some events. */
async function listen(
  events: readonly Event[],
  module: Type,
  prepare: (app: INestMicroservice) => void,
): Promise<[INestMicroservice, Strategy]> {
  const strategy = new Strategy();
  @Module({ imports: [module], controllers: events.flatMap(({ controllers }) => controllers) })
  class EventModule {}
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(EventModule, {
    strategy,
    logger: false,
    abortOnError: false,
  });
  prepare(app);
  await app.listen();
  return [app, strategy];
}

/** Adds an interceptor that does nothing; with any, Nest calls handlers in another way. */
function usePassing(app: INestMicroservice): void {
  app.useGlobalInterceptors({ intercept: (_, next) => next.handle() });
}

/** Resolves when everything has come of what was told to end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

@Module({})
class Bare {}

/** What becomes of events whose handlers are told to end in some order. */
async function seen(
  all: readonly (readonly Handler[])[],
  order: readonly number[],
  module: Type,
  intercept?: (app: INestMicroservice) => void,
): Promise<Record<string, readonly string[]>> {
  const events = all.map((handlers) => new Event(handlers));
  const [app, server] = await listen(events, module, (created) => {
    if (module !== Bare) enableGracefulShutdown(remember(created));
    intercept?.(created);
  });
  for (const event of events) {
    const emitted = event.emit(server);
    for (const index of order) {
      event.end(index);
      await settled();
    }
    await emitted;
  }
  await app.close();
  // Nest calls a handler that has interceptors some microtasks later, and one more if its messages are counted.
  const byHandler = (notes: string[]): string[] =>
    intercept ? notes.toSorted((one, other) => one[0]!.localeCompare(other[0]!)) : notes;
  return Object.fromEntries(events.map(({ name, notes }) => [name, byHandler(notes)]));
}

const SCOPES: readonly Scoping[] = ['static', 'request-scoped'];
const ALL = Object.keys(KINDS) as Kind[];

describe.each(SCOPES.flatMap((first) => SCOPES.map((second) => [first, second] as const)))(
  'an event with a %s and a %s handler',
  (firstScope, secondScope) => {
    it.each([
      ['without', 'first', [0, 1], undefined],
      ['without', 'second', [1, 0], undefined],
      ['with', 'first', [0, 1], usePassing],
      ['with', 'second', [1, 0], usePassing],
    ])(
      'is handled as on bare Nest, %s interceptors, with the %s ending first',
      async (_, __, order, intercept) => {
        const all = ALL.flatMap((first) =>
          ALL.map((second): Handler[] => [
            { kind: first, scope: firstScope },
            { kind: second, scope: secondScope },
          ]),
        );

        expect(await seen(all, order, rootModule({}), intercept)).toEqual(
          await seen(all, order, Bare, intercept),
        );
      },
    );
  },
);

/** The only slow handler among those that end early. */
const PLACES = [
  { place: 'the first of two', slow: 0, count: 2 },
  { place: 'the second of two', slow: 1, count: 2 },
  { place: 'the first of three', slow: 0, count: 3 },
  { place: 'the second of three', slow: 1, count: 3 },
  { place: 'the third of three', slow: 2, count: 3 },
];

describe.each(PLACES)('$place handlers of an event', ({ slow, count }) => {
  it.each(
    SCOPES.flatMap((scope) => [[scope, 'without', undefined] as const, [scope, 'with', usePassing] as const]),
  )('is awaited, %s and %s interceptors, however early the others end', async (scope, _, intercept) => {
    const events = SCOPES.flatMap((others) =>
      ALL.map(
        (kind) =>
          new Event(
            Array.from({ length: count }, (_, index) =>
              index === slow ? { kind: 'a promise', scope } : { kind, scope: others },
            ),
          ),
      ),
    );
    const module = rootModule({ options: { announceDelayMs: 0 } });
    const [app, server] = await listen(events, module, (created) => {
      enableGracefulShutdown(remember(created));
      intercept?.(created);
    });
    const coordinator = coordinatorOf(app);
    await Promise.all(events.map((event) => event.emit(server)));
    for (let index = 0; index < count; index += 1) {
      if (index !== slow) for (const event of events) event.end(index);
    }
    await settled();

    const draining = reached(app, 'drain');
    const report = coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await draining;
    // With interceptors, Nest does not call a handler if one before it has failed already.
    const called = events.filter(({ notes }) => notes.includes(`${slow} called`));
    expect(called.length).toBeGreaterThan(0);
    expect(coordinator.progress()).toMatchObject({ inFlight: called.length });
    for (const event of events) event.end(slow);

    expect(await report).toMatchObject({ status: 'completed', cuts: [] });
  });
});

describe('two request-scoped handlers of an event', () => {
  const handlers: Handler[] = [
    { kind: 'a promise', scope: 'request-scoped' },
    { kind: 'an error', scope: 'request-scoped' },
  ];
  const options = { announceDelayMs: 0 };

  /** Emits an event, and shuts down when its second handler has failed; returns what is in flight then, and the report. */
  async function shutDown(event: Event, app: INestApplicationContext, server: Server) {
    const coordinator = coordinatorOf(app);
    await event.emit(server);
    event.end(1);
    await settled();
    const draining = reached(app, 'drain');
    const report = coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
    await draining;
    const { inFlight } = coordinator.progress();
    event.end(0);
    return { inFlight, report: await report };
  }

  it.each(['before', 'after'])(
    'are awaited if their microservice is connected %s enableGracefulShutdown(app)',
    async (order) => {
      const event = new Event(handlers);
      const strategy = new Strategy();
      const app = await createHttp({ controllers: [...event.controllers], options });
      if (order === 'after') enableGracefulShutdown(app);
      app.connectMicroservice<MicroserviceOptions>({ strategy });
      if (order === 'before') enableGracefulShutdown(app);
      await app.startAllMicroservices();

      expect(await shutDown(event, app, strategy)).toMatchObject({
        inFlight: 1,
        report: { status: 'completed' },
      });
    },
  );

  it('fail the drain without enableGracefulShutdown(app), since one could be lost unseen', async () => {
    const event = new Event(handlers);
    const [app, server] = await listen([event], rootModule({ options }), remember);

    const { report } = await shutDown(event, app, server);

    expect(report.status).toBe('failed');
    const { error } = report.participants.find(({ outcome }) => outcome === 'failed')!;
    expect(error).toContain('call enableGracefulShutdown(app)');
  });
});

it('two static handlers of an event are awaited without enableGracefulShutdown(app)', async () => {
  const event = new Event([
    { kind: 'a promise', scope: 'static' },
    { kind: 'an error', scope: 'static' },
  ]);
  const [app, server] = await listen(
    [event],
    rootModule({ options: { announceDelayMs: 0 } }),
    (created) => created,
  );
  await event.emit(server);
  await settled();

  const draining = reached(app, 'drain');
  const report = coordinatorOf(app).shutdown({ kind: 'signal', signal: 'SIGTERM' });
  await draining;
  expect(coordinatorOf(app).progress()).toMatchObject({ inFlight: 1 });
  event.end(0);

  expect(await report).toMatchObject({ status: 'completed' });
});
