import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject } from '@nestjs/common';
import { BackgroundTasks, ShutdownCoordinator } from 'nestjs-drain';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, coordinatorOf, createHttp, LogLines, reportOf } from '../nest/applications.js';

afterEach(closeAll);
guardAgainstLeaks();

@Controller()
class ShutdownController {
  constructor(
    @Inject(ShutdownCoordinator) private readonly coordinator: ShutdownCoordinator,
    @Inject(BackgroundTasks) private readonly tasks: BackgroundTasks,
  ) {}

  @Get('awaiting')
  async awaiting(): Promise<string> {
    await this.coordinator.shutdown('from a handler');
    return 'over';
  }

  @Get('leaving')
  leaving(): string {
    void this.coordinator.shutdown('from a handler');
    return 'on its way';
  }

  @Get('task')
  task(): string {
    void this.tasks.run('restart', () => this.coordinator.shutdown('from a task')).catch(() => undefined);
    return 'on its way';
  }
}

const SUSPICION = 'if a handler awaits shutdown(), it waits for itself';

describe.each(ADAPTERS)('a shutdown that a handler asks for on $adapter', ({ create }) => {
  const start = async (
    logger: LogLines,
  ): Promise<{ url: string; app: Awaited<ReturnType<typeof createHttp>> }> => {
    const app = await createHttp(
      { controllers: [ShutdownController], options: { drainTimeoutMs: 1_500 } },
      { create, logger },
    );
    await app.listen(0, '127.0.0.1');
    return { app, url: await app.getUrl() };
  };

  it('causes a warning if the handler awaits it, and the request is cut in the end', async () => {
    const logger = new LogLines();
    const { app, url } = await start(logger);
    await expect(fetch(`${url}/awaiting`)).rejects.toThrow('fetch failed');
    const report = await coordinatorOf(app).shutdown();
    expect(report).toMatchObject({ cuts: [{ kind: 'request', name: 'GET /awaiting' }] });
    expect(logger.of('warn', SUSPICION)).toEqual([
      'drain waits for what was in flight when shutdown() was called (HTTP server: 1): ' +
        'if a handler awaits shutdown(), it waits for itself: do not await it there',
    ]);
    await app.close();
  });

  it('causes a warning if a task awaits it', async () => {
    const logger = new LogLines();
    const { app, url } = await start(logger);
    expect(await (await fetch(`${url}/task`)).text()).toBe('on its way');
    const report = await coordinatorOf(app).shutdown();
    expect(report).toMatchObject({ cuts: [{ kind: 'task', name: 'restart' }] });
    expect(logger.of('warn', SUSPICION)).toEqual([expect.stringContaining('(background tasks: 1)')]);
    await app.close();
  });

  it('causes no warning if the handler does not await it, and the request is answered', async () => {
    const logger = new LogLines();
    const { app, url } = await start(logger);
    expect(await (await fetch(`${url}/leaving`)).text()).toBe('on its way');
    await coordinatorOf(app).shutdown();
    await app.close();
    expect(reportOf(app).status).toBe('completed');
    expect(logger.of('warn', SUSPICION)).toEqual([]);
  });
});
