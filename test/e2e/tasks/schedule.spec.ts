import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable } from '@nestjs/common';
import { Cron, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { BackgroundTasks } from 'nestjs-drain';
import { deferred } from '../../../src/util/deferred.js';
import { eventually, someTurns } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import {
  closeAll,
  coordinatorOf,
  createContext,
  LogLines,
  outcomesOf,
  reportOf,
} from '../nest/applications.js';
import { Journal } from '../nest/journal.js';
import type { INestApplicationContext, OnApplicationBootstrap, Type } from '@nestjs/common';

afterEach(closeAll);
guardAgainstLeaks();

const EVERY_SECOND = '* * * * * *';
const NEVER = '0 0 1 1 *';
const JOB = 'job';
const SOON_MS = 20;

/** A job that tells when it begins, and ends when it is told to. */
class Work {
  readonly journal = new Journal();
  readonly #end = deferred<void>();
  begun = 0;

  readonly do = async (): Promise<void> => {
    this.begun += 1;
    await this.#end.promise;
    this.journal.note('finished');
  };

  readonly end = (): void => this.#end.resolve();
}

type Kind = 'cron at a tick of its own' | 'cron' | 'interval' | 'timeout' | 'dynamic cron';
const RECURRING: readonly Kind[] = ['cron', 'interval', 'dynamic cron'];

function jobsOf(kind: Kind, work: Work): Type {
  @Injectable()
  class Decorated {
    async run(): Promise<void> {
      await work.do();
    }
  }
  @Injectable()
  class Dynamic implements OnApplicationBootstrap {
    constructor(@Inject(SchedulerRegistry) private readonly registry: SchedulerRegistry) {}
    onApplicationBootstrap(): void {
      const job = new CronJob(NEVER, work.do);
      this.registry.addCronJob(JOB, job as never);
      job.start();
    }
  }
  if (kind === 'dynamic cron') return Dynamic;
  const descriptor = Object.getOwnPropertyDescriptor(Decorated.prototype, 'run')!;
  const decorators = {
    'cron at a tick of its own': Cron(EVERY_SECOND),
    cron: Cron(NEVER, { name: JOB }),
    interval: Interval(SOON_MS),
    timeout: Timeout(SOON_MS),
  };
  decorators[kind as keyof typeof decorators](Decorated.prototype, 'run', descriptor);
  return Decorated;
}

async function start(kind: Kind, work: Work): Promise<INestApplicationContext> {
  return createContext({ imports: [ScheduleModule.forRoot()], providers: [jobsOf(kind, work)] });
}

describe('a running job of @nestjs/schedule', () => {
  it.each([...RECURRING, 'timeout' as const, 'cron at a tick of its own' as const])(
    'is awaited: %s',
    async (kind) => {
      const work = new Work();
      const app = await start(kind, work);
      await tick(app, kind);
      await eventually(() => work.begun > 0);
      const name = kind === 'dynamic cron' ? JOB : 'Decorated.run';
      expect(app.get(BackgroundTasks).unfinished()[0]).toMatchObject({ name });

      const closed = app.close();
      await someTurns();
      expect(coordinatorOf(app).phase).toBe('drain');
      work.end();
      await closed;

      expect(work.journal.entries).toContain('finished');
      expect(reportOf(app)).toMatchObject({ status: 'completed', cuts: [] });
    },
  );

  it('that does not end is cut by its name', async () => {
    const work = new Work();
    @Injectable()
    class Sweeper {
      @Cron(NEVER, { name: 'sweep' })
      async sweep(): Promise<void> {
        await work.do();
      }
    }
    const app = await createContext({
      imports: [ScheduleModule.forRoot()],
      providers: [Sweeper],
      options: { drainTimeoutMs: 50 },
    });
    void app.get(SchedulerRegistry).getCronJob('sweep').fireOnTick();
    await app.close();
    expect(reportOf(app).cuts).toMatchObject([{ kind: 'task', name: 'Sweeper.sweep' }]);
    work.end();
  });

  it('that fails is logged by its own package, once', async () => {
    const lines = new LogLines();
    @Injectable()
    class Sweeper {
      @Cron(NEVER, { name: 'sweep' })
      async sweep(): Promise<void> {
        throw new Error('locked');
      }
    }
    const app = await createContext({ imports: [ScheduleModule.forRoot()], providers: [Sweeper] }, lines);
    await app.get(SchedulerRegistry).getCronJob('sweep').fireOnTick();
    await someTurns();
    expect(lines.of('error')).toEqual(['Error: locked']);
    await app.close();
  });
});

describe('a job of @nestjs/schedule', () => {
  it.each(RECURRING)(
    'does not begin while a drain is announced, and does when it is undone: %s',
    async (kind) => {
      const work = new Work();
      work.end();
      const app = await start(kind, work);
      await tick(app, kind);
      await eventually(() => work.begun > 0);

      coordinatorOf(app).announce();
      const begunBefore = work.begun;
      await tick(app, kind);
      expect(work.begun).toBe(begunBefore);

      await coordinatorOf(app).resume();
      await tick(app, kind);
      await eventually(() => work.begun > begunBefore);
      await app.close();
      expect(outcomesOf(reportOf(app), 'scheduled jobs')).toEqual([
        'announce: completed',
        'drain: completed',
      ]);
    },
  );

  it('that was due once meanwhile begins when the drain is undone', async () => {
    const work = new Work();
    work.end();
    const app = await start('timeout', work);
    coordinatorOf(app).announce();
    await tick(app, 'timeout');
    expect(work.begun).toBe(0);

    await coordinatorOf(app).resume();
    expect(work.begun).toBe(1);
    await someTurns();
  });

  it('that fails when it is caught up on keeps no other from it, and is logged', async () => {
    const lines = new LogLines();
    const rejections: unknown[] = [];
    const onRejection = (error: unknown): void => void rejections.push(error);
    process.on('unhandledRejection', onRejection);
    const app = await createContext({ imports: [ScheduleModule.forRoot()] }, lines);
    const registry = app.get(SchedulerRegistry);
    const ran: string[] = [];
    const once = (name: string, work: () => unknown): void => {
      const job = new CronJob(new Date(Date.now() + 3_600_000), () => {
        ran.push(name);
        return work() as void;
      });
      registry.addCronJob(name, job as never);
    };
    once('throws', () => {
      throw new Error('locked');
    });
    once('rejects', () => Promise.reject(new Error('no paper')));
    once('works', () => undefined);
    coordinatorOf(app).announce();
    await Promise.all([...registry.getCronJobs().values()].map((job) => job.fireOnTick()));
    expect(ran).toEqual([]);

    await coordinatorOf(app).resume();
    await someTurns();
    process.off('unhandledRejection', onRejection);
    expect(ran).toEqual(['throws', 'rejects', 'works']);
    expect(rejections).toEqual([]);
    expect(lines.of('error')).toEqual([
      'job throws, due during the announcement, failed: locked',
      'job rejects, due during the announcement, failed: no paper',
    ]);
    await app.close();
    expect(reportOf(app)).toMatchObject({ status: 'completed' });
  });

  it('that is a plain timer, added to the registry by hand, stays as it is', async () => {
    const app = await createContext({ imports: [ScheduleModule.forRoot()] });
    const registry = app.get(SchedulerRegistry);
    const ticks: boolean[] = [];
    const ticked = deferred<void>();
    const tickOn = (): void => {
      ticks.push(coordinatorOf(app).isShuttingDown);
      if (ticks.at(-1)) ticked.resolve();
    };
    registry.addInterval('interval', setInterval(tickOn, SOON_MS));
    registry.addTimeout('timeout', setTimeout(tickOn, SOON_MS));
    coordinatorOf(app).announce();
    await ticked.promise;
    await coordinatorOf(app).resume();
    await app.close();
    expect(reportOf(app)).toMatchObject({ status: 'completed' });
  });

  it('is left as it was when the application has closed', async () => {
    const work = new Work();
    const app = await start('cron', work);
    const registry = app.get(SchedulerRegistry);
    expect(Object.keys(Object.getOwnPropertyDescriptors(registry))).toContain('addCronJob');
    work.end();
    await app.close();
    expect(Object.keys(Object.getOwnPropertyDescriptors(registry))).not.toContain('addCronJob');
  });
});

/** Has a cron job tick, as `cron` does it; or lets the time pass in which a timer of the kind elapses. */
async function tick(app: INestApplicationContext, kind: Kind): Promise<void> {
  if (kind === 'cron' || kind === 'dynamic cron') {
    void app.get(SchedulerRegistry).getCronJob(JOB).fireOnTick();
    await someTurns();
  } else {
    await new Promise((resolve) => setTimeout(resolve, SOON_MS + 1));
  }
}
