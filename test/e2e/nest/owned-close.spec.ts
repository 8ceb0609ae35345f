import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { enableGracefulShutdown, ShutdownFailedError } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, coordinatorOf, createContext, createHttp, outcomesOf, reportOf } from './applications.js';
import { Journal, witness } from './journal.js';
import type { OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';

afterEach(closeAll);
guardAgainstLeaks();

const A_NUMBER: unknown = expect.any(Number);

@Injectable()
class Jammed implements OnModuleDestroy {
  onModuleDestroy(): never {
    throw new Error('jammed');
  }
}

describe('close() of an application that was handed over', () => {
  it('comes to an end where Nest hangs; what is behind that is called, named and bounded', async () => {
    const journal = new Journal();
    const app = enableGracefulShutdown(
      await createHttp({
        options: { gracePeriodMs: 2_000, releaseReserveMs: 1_500 },
        providers: [witness(journal, 'Store')],
      }),
    );
    coordinatorOf(app).register({ name: 'database', release: () => journal.note('released') });
    await app.init();
    // As a microservice's transport does that cannot be closed.
    Object.defineProperty(app, 'dispose', { value: () => new Promise(() => {}) });

    await app.close();

    expect(journal.entries).toEqual([
      'Store.beforeApplicationShutdown()',
      'Store.onModuleDestroy()',
      'Store.onApplicationShutdown()',
      'released',
    ]);
    expect(outcomesOf(reportOf(app), 'Store.onApplicationShutdown')).toEqual(['release: completed']);
    expect(outcomesOf(reportOf(app), 'database')).toEqual(['release: completed']);
    expect(reportOf(app)).toMatchObject({
      status: 'forced',
      forcedBy: 'deadline',
      pending: [{ name: 'nest', phase: 'release' }],
    });
  });

  it('calls the hooks behind a hang beside Nest, and leaves the rest of the time to others', async () => {
    const journal = new Journal();
    const frozen = Object.freeze({ onModuleDestroy: () => new Promise(() => {}) });
    const app = enableGracefulShutdown(
      await createHttp({
        options: { gracePeriodMs: 2_000 },
        providers: [{ provide: 'FROZEN', useValue: frozen }, witness(journal, 'Store')],
      }),
    );
    for (const priority of [1, 2, 3, 4]) {
      coordinatorOf(app).register(
        { name: `resource ${priority}`, release: () => journal.note(`released ${priority}`) },
        { priority },
      );
    }
    await app.init();

    await app.close();

    const report = reportOf(app);
    const nest = report.participants.find(({ name, phase }) => name === 'nest' && phase === 'release');
    const others = report.participants.filter(({ name }) => name.startsWith('resource '));
    expect(nest).toMatchObject({ outcome: 'abandoned', overtakenMs: A_NUMBER });
    expect(journal.entries).toEqual([
      'Store.beforeApplicationShutdown()',
      'Store.onModuleDestroy()',
      'Store.onApplicationShutdown()',
      'released 4',
      'released 3',
      'released 2',
      'released 1',
    ]);
    expect(outcomesOf(report, 'Store.onApplicationShutdown')).toEqual(['release: completed']);
    expect(others.filter(({ startedMs }) => startedMs < nest!.overtakenMs!)).toEqual([]);
    expect(report).toMatchObject({ status: 'forced', forcedBy: 'deadline' });
    expect(report.pending.map(({ name }) => name)).toEqual(['nest']);
  });

  it('waits to the deadline for a hook of Nest that nothing can be wrapped around', async () => {
    const slow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_700));
    const journal = new Journal();
    const app = enableGracefulShutdown(
      await createHttp({
        options: { gracePeriodMs: 2_000 },
        providers: [
          { provide: 'FROZEN', useValue: Object.freeze({ onModuleDestroy: slow }) },
          witness(journal, 'Store'),
        ],
      }),
    );
    coordinatorOf(app).register({ name: 'database', release: () => journal.note('released') });
    await app.init();

    await app.close();

    const report = reportOf(app);
    const nest = report.participants.find(({ name, phase }) => name === 'nest' && phase === 'release');
    expect(nest).toMatchObject({ outcome: 'completed', overtakenMs: A_NUMBER });
    expect(nest!.startedMs + nest!.durationMs).toBeGreaterThan(nest!.overtakenMs!);
    expect(journal.entries).toEqual([
      'Store.beforeApplicationShutdown()',
      'Store.onModuleDestroy()',
      'Store.onApplicationShutdown()',
      'released',
    ]);
    expect(report.status).toBe('completed');
  });

  it('calls no hook twice where time runs out while it makes up for Nest', async () => {
    const journal = new Journal();
    const never = (): Promise<void> => new Promise(() => {});
    @Module({ providers: [witness(journal, 'Last')] })
    class LastModule {}
    const app = enableGracefulShutdown(
      await createHttp({
        options: { gracePeriodMs: 2_400, releaseReserveMs: 1_000 },
        imports: [LastModule],
        providers: [{ provide: 'STUCK', useValue: { onApplicationShutdown: never } }],
      }),
    );
    for (const priority of [1, 2]) {
      coordinatorOf(app).register({ name: `resource ${priority}`, release: () => {} }, { priority });
    }
    await app.init();
    // Nest reaches a hook, and hangs for half of the time left, twice; STUCK for a half; then it is the resources' turn.
    Object.defineProperty(app, 'dispose', { value: never });

    await app.close();
    // What goes on behind the report would fail the test with an unhandled rejection.
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);

    expect(journal.of('onApplicationShutdown')).toEqual(['Last.onApplicationShutdown()']);
    expect(outcomesOf(reportOf(app), 'nest')).toContain('release: abandoned');
    expect(outcomesOf(reportOf(app), 'STUCK.onApplicationShutdown')).toEqual(['release: abandoned']);
    expect(reportOf(app).pending.map(({ name }) => name)).toEqual(['nest', 'STUCK.onApplicationShutdown']);
    expect(outcomesOf(reportOf(app), 'resource 1')).toEqual(['release: completed']);
  });

  it("waits on for the hook that Nest is at when Nest's share is spent, as long as there is time", async () => {
    @Injectable()
    class Slow implements OnModuleDestroy, OnApplicationShutdown {
      async onModuleDestroy(): Promise<void> {
        await new Promise((resolve) => setTimeout(resolve, 700));
      }

      async onApplicationShutdown(): Promise<void> {
        await new Promise((resolve) => setTimeout(resolve, 450));
      }
    }
    const app = enableGracefulShutdown(
      await createHttp({ options: { gracePeriodMs: 2_000, releaseReserveMs: 1_000 }, providers: [Slow] }),
    );
    await app.init();

    await app.close();

    expect(outcomesOf(reportOf(app), 'Slow.onApplicationShutdown')).toEqual(['release: completed']);
  });

  it('names the hooks that were not called, where the shutdown is forced', async () => {
    const journal = new Journal();
    const app = enableGracefulShutdown(await createHttp({ providers: [witness(journal, 'Store')] }));
    const coordinator = coordinatorOf(app) as unknown as { force(by: string): void };
    await app.init();
    Object.defineProperty(app, 'dispose', {
      value: () => {
        coordinator.force('a test');
        return new Promise(() => {});
      },
    });

    await app.close();

    const report = reportOf(app);
    expect(report.status).toBe('forced');
    expect(outcomesOf(report, 'Store.onModuleDestroy')).toEqual(['release: completed']);
    expect(outcomesOf(report, 'Store.onApplicationShutdown')).toEqual(['release: skipped']);
    expect(journal.of('onApplicationShutdown')).toEqual([]);
  });

  it('names the hooks of an application that was never initialised', async () => {
    const journal = new Journal();
    const app = enableGracefulShutdown(await createHttp({ providers: [witness(journal, 'Store')] }));

    await app.close();

    expect(journal.entries).toHaveLength(3);
    expect(outcomesOf(reportOf(app), 'Store.onModuleDestroy')).toEqual(['release: completed']);
  });

  it('can be called from a hook without waiting for itself for ever', async () => {
    const app = enableGracefulShutdown(
      await createHttp({
        options: { gracePeriodMs: 500 },
        providers: [
          {
            provide: 'IMPATIENT',
            useFactory: () => ({ onModuleDestroy: () => app.close() }),
          },
        ],
      }),
    );
    await app.init();

    await app.close();

    expect(outcomesOf(reportOf(app), 'IMPATIENT.onModuleDestroy')).toEqual(['release: abandoned']);
    expect(reportOf(app)).toMatchObject({ status: 'forced', forcedBy: 'deadline' });
  });
});

describe('raiseOnError', () => {
  const options = { raiseOnError: true };

  it('rejects close() with the report, after everything ran', async () => {
    const journal = new Journal();
    const app = enableGracefulShutdown(
      await createHttp({ options, providers: [Jammed, witness(journal, 'Store')] }),
    );
    coordinatorOf(app).register({ name: 'database', release: () => journal.note('released') });
    await app.init();

    const error = await app.close().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

    expect(journal.entries.at(-1)).toBe('released');
    expect(error).toBeInstanceOf(ShutdownFailedError);
    expect((error as ShutdownFailedError).report).toBe(reportOf(app));
    expect((error as ShutdownFailedError).message).toBe(
      'shutdown failed: Jammed.onModuleDestroy failed in release',
    );
  });

  it('rejects shutdown() with the same report', async () => {
    const app = enableGracefulShutdown(await createHttp({ options, providers: [Jammed] }));
    await app.init();

    await expect(coordinatorOf(app).shutdown()).rejects.toMatchObject({
      code: 'SHUTDOWN_FAILED',
      report: { status: 'failed' },
    });
    await expect(app.close()).rejects.toMatchObject({ code: 'SHUTDOWN_FAILED' });
  });

  it('rejects nothing that was clean', async () => {
    const app = enableGracefulShutdown(await createContext({ options }));

    await expect(app.close()).resolves.toBeUndefined();
    await expect(coordinatorOf(app).shutdown()).resolves.toMatchObject({ status: 'completed' });
  });

  it('does not reject close() of an application that was not handed over', async () => {
    const app = await createContext({ options, providers: [Jammed] });

    await expect(app.close()).resolves.toBeUndefined();
    await expect(coordinatorOf(app).shutdown()).rejects.toThrow('Jammed.onModuleDestroy failed in release');
  });

  it('rejects nothing when it is off', async () => {
    const app = enableGracefulShutdown(await createContext({ providers: [Jammed] }));

    await expect(app.close()).resolves.toBeUndefined();
    expect(reportOf(app).status).toBe('failed');
  });
});
