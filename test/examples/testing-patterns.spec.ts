import { describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  ControllableShutdownCoordinator,
  expectCleanClose,
  GracefulShutdownTestingModule,
  NoopShutdownCoordinator,
} from 'nestjs-drain/testing';
import { AppModule, RemindersModule } from './testing-patterns/app.module.js';
import { Post } from './testing-patterns/post.js';
import { Reminders } from './testing-patterns/reminders.js';
import type { INestApplication } from '@nestjs/common';

describe('a service on its own', () => {
  it('where the shutdown does not matter', async () => {
    const post = new Post();
    const reminders = new Reminders(post, new NoopShutdownCoordinator());

    reminders.add('pay');
    await reminders.sendAll();

    expect(post.sent).toEqual(['pay']);
  });

  it('sends what waits when draining begins, and what is added meanwhile', async () => {
    const post = new Post();
    const coordinator = new ControllableShutdownCoordinator();
    const reminders = new Reminders(post, coordinator);

    reminders.add('pay');
    await coordinator.beginDraining();
    reminders.add('pay at once');
    const report = await coordinator.finish();

    expect(post.sent).toEqual(['pay', 'pay at once']);
    expect(report.status).toBe('completed');
  });

  it('is given up when its time is over, which takes no time', async () => {
    const post = new Post();
    post.send = () => new Promise(() => {});
    const coordinator = new ControllableShutdownCoordinator({ gracePeriodMs: 20_000 });
    const reminders = new Reminders(post, coordinator);

    reminders.add('pay');
    await coordinator.beginDraining();
    const finished = coordinator.finish();
    await coordinator.clock.advance(20_000);

    expect((await finished).participants).toContainEqual(
      expect.objectContaining({ name: 'reminders', outcome: 'abandoned' }),
    );
  });
});

describe('a module', () => {
  it('takes part in the shutdown of the coordinator that it is given', async () => {
    const coordinator = new ControllableShutdownCoordinator();
    const testing = await Test.createTestingModule({
      imports: [GracefulShutdownTestingModule.forRoot({ coordinator }), RemindersModule],
    }).compile();

    testing.get(Reminders).add('pay');
    await coordinator.finish();

    expect(testing.get(Post).sent).toEqual(['pay']);
    await testing.close();
  });
});

describe('the application', () => {
  it('closes cleanly, and loses no reminder', async () => {
    let post: Post | undefined;
    await expectCleanClose(() => NestFactory.create(AppModule, { logger: false }), {
      async use(app) {
        post = app.get(Post);
        await app.listen(0, '127.0.0.1');
        await fetch(`${await app.getUrl()}/reminders`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: '{"text":"pay"}',
        });
      },
    });
    expect(post?.sent).toEqual(['pay']);
  });

  it('does not close cleanly when a reminder cannot be sent', async () => {
    const close = expectCleanClose<INestApplication>(() => NestFactory.create(AppModule, { logger: false }), {
      async use(app) {
        app.get(Post).onModuleDestroy();
        app.get(Reminders).add('pay');
        await app.init();
      },
    });

    await expect(close).rejects.toThrow(/reminders failed in drain: not connected: pay/);
  });
});
