import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { OtherAdapter, withoutStack } from '../probes/other-adapters.js';
import { closeAll, coordinatorOf, createHttp, LogLines } from '../nest/applications.js';
import type { ExpressAdapter } from '@nestjs/platform-express';

const DRAIN_KEY = 'a key that is long enough to be one'.replaceAll(' ', '-');

afterEach(closeAll);
guardAgainstLeaks();

@Controller()
class Orders {
  @Get('orders')
  list(): string {
    return 'all of them';
  }
}

describe.each([
  {
    what: 'an adapter of another type',
    create: () => new OtherAdapter(),
    named: 'the HTTP adapter',
    status: 'completed',
  },
  {
    what: 'an Express without a stack',
    create: withoutStack,
    named: 'Router.stack (express@',
    // Handlers that are registered on it directly may be lost unnoticed.
    status: 'failed',
  },
])('on $what', ({ create, named, status }) => {
  it('the application boots, says where its health routes are, and serves them there', async () => {
    const log = new LogLines();
    const app = await createHttp(
      {
        controllers: [Orders],
        options: { management: { port: 0 }, drainAuthKey: DRAIN_KEY },
      },
      { logger: log, create: create as () => ExpressAdapter },
    );
    await app.listen(0, '127.0.0.1');
    // The line at boot follows when everything listens.
    await immediate();
    const url = await app.getUrl();
    const [, management] = /routes also at (http:[\w./:]+)/.exec(log.of('log', 'graceful shutdown on')[0]!)!;

    expect(log.of('warn', 'not recognised')).toEqual([expect.stringContaining(named)]);
    expect(log.of('warn', 'not recognised')[0]).toContain(
      'The management port serves them: set management.port',
    );
    expect(await (await fetch(`${url}/orders`)).text()).toBe('all of them');
    expect((await fetch(`${url}/readyz`)).status).toBe(404);
    expect((await fetch(`${management}/readyz`)).status).toBe(200);
    const headers = { Authorization: `Bearer ${DRAIN_KEY}` };
    expect((await fetch(`${management}/drain`, { method: 'POST', headers })).status).toBe(202);
    expect((await fetch(`${management}/readyz`)).status).toBe(503);

    await app.close();
    expect(coordinatorOf(app).report).toMatchObject({ status });
  });
});
