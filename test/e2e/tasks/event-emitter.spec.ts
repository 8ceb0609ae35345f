import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Scope } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { BackgroundTasks } from 'nestjs-drain';
import { deferred } from '../../../src/util/deferred.js';
import { someTurns } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import {
  closeAll,
  coordinatorOf,
  createContext,
  createHttp,
  LogLines,
  reportOf,
} from '../nest/applications.js';
import { Journal } from '../nest/journal.js';

afterEach(closeAll);
guardAgainstLeaks();

describe('a listener of @nestjs/event-emitter', () => {
  it.each([Scope.DEFAULT, Scope.REQUEST, Scope.TRANSIENT])('is awaited: scope %s', async (scope) => {
    const journal = new Journal();
    const mail = deferred<void>();
    @Injectable({ scope })
    class Mailer {
      onModuleDestroy(): void {
        journal.note('destroyed');
      }
      @OnEvent('order.placed')
      async onOrder(id: number): Promise<void> {
        await mail.promise;
        journal.note(`mail for order ${id}`);
      }
    }
    @Controller()
    class OrdersController {
      constructor(@Inject(EventEmitter2) private readonly events: EventEmitter2) {}
      @Get('order')
      order(): string {
        this.events.emit('order.placed', 7);
        return 'placed';
      }
    }
    const app = await createHttp({
      imports: [EventEmitterModule.forRoot()],
      providers: [Mailer],
      controllers: [OrdersController],
    });
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/order`);
    expect(await response.text()).toBe('placed');
    expect(app.get(BackgroundTasks).unfinished()).toMatchObject([{ name: 'Mailer.onOrder' }]);

    const closed = app.close();
    await someTurns();
    expect(coordinatorOf(app).phase).toBe('drain');
    mail.resolve();
    await closed;

    expect(journal.entries[0]).toBe('mail for order 7');
    expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
  });

  it('that hears of something in the drain is awaited, too', async () => {
    const mail = deferred<void>();
    @Injectable()
    class Listeners {
      constructor(@Inject(EventEmitter2) private readonly events: EventEmitter2) {}
      @OnEvent('order.placed')
      async onOrder(): Promise<void> {
        await mail.promise;
        this.events.emit('mail.sent');
      }
      @OnEvent('mail.sent')
      async onMail(): Promise<void> {
        await someTurns();
        journal.note('counted');
      }
    }
    const journal = new Journal();
    const app = await createContext({ imports: [EventEmitterModule.forRoot()], providers: [Listeners] });
    app.get(EventEmitter2).emit('order.placed');
    const closed = app.close();
    await someTurns();
    mail.resolve();
    await closed;
    expect(journal.entries).toEqual(['counted']);
  });

  it('gives its results to those who wait for them, and fails as it always did', async () => {
    const lines = new LogLines();
    @Injectable()
    class Listeners {
      @OnEvent('sum')
      async sum(a: number, b: number): Promise<number> {
        return a + b;
      }
      @OnEvent('fails')
      async fail(): Promise<void> {
        throw new Error('no paper');
      }
    }
    const app = await createContext(
      { imports: [EventEmitterModule.forRoot()], providers: [Listeners] },
      lines,
    );
    await expect(app.get(EventEmitter2).emitAsync('sum', 20, 22)).resolves.toEqual([42]);
    app.get(EventEmitter2).emit('fails');
    await someTurns();
    expect(lines.of('error')).toEqual(['no paper']);
    await app.close();
  });
});
