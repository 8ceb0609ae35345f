import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { start } from '../support/process/program.js';
import { Postgres } from '../support/services/postgres.js';
import { RedisServer } from '../support/services/redis.js';
import { until } from '../support/services/until.js';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import type { ServicesPlan } from '../fixtures/services-main.js';
import type { Program } from '../support/process/program.js';
import type { ShutdownReport } from 'nestjs-drain';

/** How often the application is restarted under load; `RESTARTS=30 npm run test:services` for the figure. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 2);
const REQUESTS = 24;

let postgres: Postgres;
let redis: RedisServer;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([Postgres.create(), RedisServer.create()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([postgres[Symbol.asyncDispose](), redis[Symbol.asyncDispose]()]);
});

/** Is asked by the application between the groups of its resources, and lets it go on when `look` has seen enough. */
async function witness(look: (moment: string) => Promise<void>): Promise<Server> {
  const server = createServer((request, response) => {
    void look(request.url?.slice(1) ?? '').finally(() => response.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

interface Running extends AsyncDisposable {
  readonly program: Program;
  readonly url: string;
  /** SIGTERM, and the report and the exit code that follow. */
  terminate(): Promise<{
    readonly code: number | null;
    readonly report: ShutdownReport;
    readonly output: string;
  }>;
}

async function startApplication(
  plan: Partial<ServicesPlan> = {},
  look: (moment: string) => Promise<void> = async () => {},
): Promise<Running> {
  const server = await witness(look);
  const { port } = server.address() as AddressInfo;
  const whole: ServicesPlan = {
    postgres: postgres.url,
    redis: redis.url,
    witness: `http://127.0.0.1:${port}`,
    gracePeriodMs: 20_000,
    participantTimeoutMs: 5_000,
    leaked: 0,
    ...plan,
  };
  const program = start('fixtures/services-main', {
    env: { PLAN: JSON.stringify(whole), NODE_ENV: 'production' },
  });
  const { url } = await program.event('ready');
  return {
    program,
    url: String(url),
    async terminate() {
      program.signal('SIGTERM');
      const { code, output } = await program.exited;
      const { report } = await program.event('report');
      return { code, report: report as ShutdownReport, output };
    },
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Resolves when the server sees what is wanted. */
async function seen(
  server: { sessions(): Promise<string[]> },
  wanted: (names: string[]) => boolean,
): Promise<void> {
  await until(() => server.sessions(), wanted);
}

/** The resources of the report in the order in which they were begun, with their outcomes. */
function resourcesOf({ participants }: ShutdownReport): string[] {
  const names = ['before', 'data source', 'cache', 'between', 'orders-db', 'after'];
  return participants
    .filter(({ name, phase }) => phase === 'release' && names.includes(name))
    .map(({ name, outcome }) => `${name} ${outcome}`);
}

const has =
  (name: string) =>
  (names: string[]): boolean =>
    names.includes(name);
const lacks =
  (name: string) =>
  (names: string[]): boolean =>
    !names.includes(name);

describe('an application on PostgreSQL and Redis', () => {
  it.each(Array.from({ length: RESTARTS }, (_, index) => index + 1))(
    'answers every request, and then ends its sessions in order, under load (restart %i)',
    async () => {
      const moments: Record<string, { redis: string[]; postgres: string[] }> = {};
      await using running = await startApplication({}, async (moment) => {
        // Each server hears of an end a moment after the client has asked for it, where the client does not wait.
        if (moment === 'before') await seen(postgres, lacks('typeorm'));
        if (moment === 'between') await seen(redis, lacks('cache'));
        moments[moment] = {
          redis: await redis.sessions(),
          postgres: [...new Set(await postgres.sessions())],
        };
      });
      const responses = Array.from({ length: REQUESTS }, () => fetch(`${running.url}/orders`));
      await Promise.all([
        until(
          async () => running.program.events.filter(({ event }) => event === 'accepted').length,
          (count) => count === REQUESTS,
        ),
        seen(postgres, has('pool')),
        seen(postgres, has('typeorm')),
        seen(redis, has('cache')),
      ]);
      const { code, report } = await running.terminate();

      const bodies = await Promise.all(responses.map(async (response) => (await response).text()));
      expect(bodies).toEqual(Array.from({ length: REQUESTS }, () => 'all of them'));
      expect(moments).toEqual({
        before: { redis: ['cache'], postgres: ['pool'] },
        between: { redis: [], postgres: ['pool'] },
        after: { redis: [], postgres: [] },
      });
      expect(resourcesOf(report)).toEqual([
        'before completed',
        'cache completed',
        'between completed',
        'data source completed',
        'orders-db completed',
        'after completed',
      ]);
      expect({ code, status: report.status, cuts: report.cuts }).toEqual({
        code: 0,
        status: 'completed',
        cuts: [],
      });
    },
  );

  it('gives up a pool with connections in use, and tells how many', async () => {
    await using running = await startApplication({ leaked: 2, participantTimeoutMs: 200 });
    const { code, report, output } = await running.terminate();
    expect(code).toBe(1);
    expect(report.cuts).toEqual([
      expect.objectContaining({
        kind: 'resource',
        name: 'orders-db',
        progress: '2 of its connections in use',
      }),
    ]);
    expect(output).toMatch(/cut in release: resource orders-db after \d+ ms, at 2 of its connections in use/);
    await seen(postgres, lacks('pool'));
  });

  it('closes in time what servers that are restarted in the middle have cut', async () => {
    await using running = await startApplication({}, async (moment) => {
      if (moment !== 'before') return;
      await Promise.all([postgres.stop(), redis.stop()]);
      await Promise.all([postgres.start(), redis.start()]);
    });
    expect(await (await fetch(`${running.url}/orders`)).text()).toBe('all of them');
    const { code, report } = await running.terminate();
    expect({ code, status: report.status }).toEqual({ code: 0, status: 'completed' });
    await Promise.all([seen(postgres, lacks('pool')), seen(redis, lacks('cache'))]);
  });

  it('does not wait for servers that are down', async () => {
    await using running = await startApplication();
    expect(await (await fetch(`${running.url}/orders`)).text()).toBe('all of them');
    await Promise.all([postgres.stop(), redis.stop()]);
    await Promise.all([running.program.event('pool error'), running.program.event('redis error')]);
    const { code, report } = await running.terminate();
    await Promise.all([postgres.start(), redis.start()]);
    expect({ code, status: report.status }).toEqual({ code: 0, status: 'completed' });
  });

  it('gives up servers that hang, each by its name, and ends in time', async () => {
    await using running = await startApplication({ participantTimeoutMs: 300 });
    expect(await (await fetch(`${running.url}/orders`)).text()).toBe('all of them');
    postgres.freeze();
    redis.freeze();
    const { code, report } = await running.terminate();
    postgres.thaw();
    redis.thaw();
    expect({ code, status: report.status, pending: report.pending }).toEqual({
      code: 1,
      status: 'failed',
      pending: [],
    });
    expect(resourcesOf(report)).toEqual(
      expect.arrayContaining(['cache abandoned', 'orders-db abandoned', 'after completed']),
    );
    await Promise.all([seen(postgres, lacks('pool')), seen(redis, lacks('cache'))]);
  });
});
