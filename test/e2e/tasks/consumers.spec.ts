import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';

/** Has the methods of Bull's queues, and nothing else. */
class QueueOfAnotherVersion {
  process(): void {}
  getActive(): void {}
  pause(): void {}
  resume(): void {}
  whenCurrentJobsFinished(): void {}
  toKey(): never {
    throw new Error('there are no keys');
  }
}

@Module({
  imports: [GracefulShutdownModule.forRoot({ gracePeriodMs: 1_000 })],
  providers: [QueueOfAnotherVersion],
})
class AppModule {}

describe('a consumer that is not what it looks like', () => {
  afterEach(() => Logger.overrideLogger(['log', 'warn', 'error']));
  guardAgainstLeaks();

  it('is named in a warning, and neither the boot nor the shutdown fails', async () => {
    const warn = jest.fn<(message: unknown) => void>();
    const app = await NestFactory.createApplicationContext(AppModule, {
      logger: { log() {}, error() {}, warn },
    });
    expect(warn.mock.calls.map(([message]) => message)).toContain(
      'This version of bull is not drained: there are no keys',
    );
    expect(await app.get(ShutdownCoordinator).shutdown()).toMatchObject({ status: 'completed' });
    await app.close();
  });
});
