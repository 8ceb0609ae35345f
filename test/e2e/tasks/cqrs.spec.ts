import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Scope } from '@nestjs/common';
import {
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventBus,
  EventsHandler,
  ofType,
  Saga,
  type IEvent,
} from '@nestjs/cqrs';
import { BackgroundTasks } from 'nestjs-drain';
import { map } from 'rxjs';
import { deferred } from '../../../src/util/deferred.js';
import { someTurns } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, coordinatorOf, createContext, createHttp, reportOf } from '../nest/applications.js';
import { Journal } from '../nest/journal.js';
import type { Observable } from 'rxjs';

afterEach(closeAll);
guardAgainstLeaks();

class OrderPlaced {
  constructor(readonly id: number) {}
}

class SendMail {
  constructor(readonly id: number) {}
}

describe('with @nestjs/cqrs', () => {
  it.each([Scope.DEFAULT, Scope.REQUEST])(
    'an event that a request publishes in the drain is handled to the end: scope %s',
    async (scope) => {
      const journal = new Journal();
      const [arrived, proceed, mail] = [deferred<void>(), deferred<void>(), deferred<void>()];
      @EventsHandler(OrderPlaced)
      class OrderPlacedHandler {
        async handle({ id }: OrderPlaced): Promise<void> {
          await mail.promise;
          journal.note(`mail for order ${id}`);
        }
      }
      Injectable({ scope })(OrderPlacedHandler);
      @Controller()
      class OrdersController {
        constructor(@Inject(EventBus) private readonly events: EventBus) {}
        @Get('order')
        async order(): Promise<string> {
          arrived.resolve();
          await proceed.promise;
          this.events.publish(new OrderPlaced(7));
          return 'placed';
        }
      }
      @Injectable()
      class Store {
        onModuleDestroy(): void {
          journal.note('destroyed');
        }
      }
      const app = await createHttp({
        imports: [CqrsModule],
        providers: [OrderPlacedHandler, Store],
        controllers: [OrdersController],
      });
      await app.listen(0, '127.0.0.1');
      const response = fetch(`${await app.getUrl()}/order`);
      await arrived.promise;
      const closed = app.close();
      await someTurns();
      proceed.resolve();
      expect(await (await response).text()).toBe('placed');
      await someTurns();
      expect(coordinatorOf(app).phase).toBe('drain');
      expect(app.get(BackgroundTasks).unfinished()).toMatchObject([{ name: 'OrderPlacedHandler.handle' }]);
      mail.resolve();
      await closed;

      expect(journal.entries).toEqual(['mail for order 7', 'destroyed']);
      expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
    },
  );

  it('a command that a saga executes is awaited', async () => {
    const journal = new Journal();
    const mail = deferred<void>();
    @Injectable()
    class Sagas {
      @Saga()
      placed = (events$: Observable<IEvent>): Observable<SendMail> =>
        events$.pipe(
          ofType(OrderPlaced),
          map(({ id }) => new SendMail(id)),
        );
    }
    @CommandHandler(SendMail)
    class SendMailHandler {
      async execute({ id }: SendMail): Promise<string> {
        await mail.promise;
        journal.note(`mail for order ${id}`);
        return 'sent';
      }
    }
    const app = await createContext({ imports: [CqrsModule], providers: [Sagas, SendMailHandler] });
    app.get(EventBus).publish(new OrderPlaced(7));
    expect(app.get(BackgroundTasks).unfinished()).toMatchObject([{ name: 'SendMail' }]);
    const closed = app.close();
    await someTurns();
    expect(coordinatorOf(app).phase).toBe('drain');
    mail.resolve();
    await closed;
    expect(journal.entries).toEqual(['mail for order 7']);
  });

  it.each([
    { how: 'rejects', handle: () => Promise.reject(new Error('no paper')) },
    {
      how: 'throws',
      handle: () => {
        throw new Error('no paper');
      },
    },
  ])('commands and a handler that $how do what they always did', async ({ handle }) => {
    @CommandHandler(SendMail)
    class SendMailHandler {
      async execute({ id }: SendMail): Promise<string> {
        if (id < 0) throw new Error('no such order');
        return `sent ${id}`;
      }
    }
    @EventsHandler(OrderPlaced)
    class Failing {
      handle(): Promise<void> {
        return handle();
      }
    }
    Injectable({ scope: Scope.REQUEST })(Failing);
    const app = await createContext({ imports: [CqrsModule], providers: [SendMailHandler, Failing] });
    await expect(app.get(CommandBus).execute(new SendMail(7))).resolves.toBe('sent 7');
    await expect(app.get(CommandBus).execute(new SendMail(-1))).rejects.toThrow('no such order');
    app.get(EventBus).publish(new OrderPlaced(7));
    await someTurns();
    expect(app.get(BackgroundTasks).unfinished()).toEqual([]);
    await app.close();
    expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('a module reference that other code has wrapped in the meantime stays wrapped after the end', async () => {
    const app = await createContext({ imports: [CqrsModule] });
    const bus = app.get(EventBus) as unknown as { moduleRef: object };
    const wrapped = Object.create(bus.moduleRef) as object;
    bus.moduleRef = wrapped;
    await app.close();
    expect(bus.moduleRef).toBe(wrapped);
    expect(Object.hasOwn(Object.getPrototypeOf(wrapped) as object, 'resolve')).toBe(false);
  });
});
