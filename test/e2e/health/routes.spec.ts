import { afterEach, describe, expect, it } from '@jest/globals';
import { All, Controller, Get, HttpCode } from '@nestjs/common';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, KEY, start } from './health-application.js';
import type { LoggerService } from '@nestjs/common';

const bearer = { authorization: `Bearer ${KEY}` };

/** A logger that remembers what it was told. */
function recorder(): LoggerService & { readonly lines: string[] } {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (...told: unknown[]): void =>
      void lines.push([level, ...told].map(String).join(' '));
  return {
    lines,
    log: at('log'),
    error: at('error'),
    warn: at('warn'),
    debug: at('debug'),
    fatal: at('fatal'),
  };
}

describe.each(ADAPTERS)('on $name', (adapter) => {
  afterEach(closeAll);
  guardAgainstLeaks();

  describe('readiness', () => {
    it('is 200 in the shape of Terminus, and never cached', async () => {
      const { ask } = await start(adapter);
      const answer = await ask('GET', '/readyz');
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        status: 'ok',
        info: { shutdown: { status: 'up' } },
        error: {},
        details: { shutdown: { status: 'up' } },
      });
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
      });
    });

    it('is sent although JSON cannot represent the result of an indicator', async () => {
      const { ask } = await start(adapter, {
        options: { health: { indicators: [() => ({ queue: { status: 'up', length: 3n } })] } },
      });
      const { status, body } = await ask('GET', '/readyz');
      expect(status).toBe(200);
      expect(body).toMatchObject({ status: 'ok' });
    });

    it('is 503 from the tick of the trigger on, with the progress of the shutdown', async () => {
      const { ask, coordinator } = await start(adapter, {
        options: { gracePeriodMs: 20_000, announceDelayMs: 10_000 },
      });
      coordinator.register({ name: 'work', drain: () => {}, inFlight: () => 3 });

      void coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
      const { status, body } = await ask('GET', '/readyz');
      const shutdown = {
        status: 'down',
        phase: 'announce',
        reason: 'SIGTERM',
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        inFlight: 3,
        remainingMs: expect.any(Number),
      };
      expect(status).toBe(503);
      expect(body).toEqual({ status: 'shutting_down', info: {}, error: { shutdown }, details: { shutdown } });
      const { remainingMs } = (body as { error: { shutdown: { remainingMs: number } } }).error.shutdown;
      expect(remainingMs).toBeLessThanOrEqual(20_000);
      expect(Number.isInteger(remainingMs)).toBe(true);
      coordinator.force('the test');
      await coordinator.finished;
    });

    it('checks the configured indicators while not shutting down', async () => {
      let up = true;
      const { ask, coordinator } = await start(adapter, {
        options: { health: { indicators: [() => ({ database: { status: up ? 'up' : 'down' } })] } },
      });
      expect((await ask('GET', '/readyz')).body).toMatchObject({
        status: 'ok',
        details: { database: { status: 'up' }, shutdown: { status: 'up' } },
      });
      up = false;
      const failing = await ask('GET', '/readyz');
      expect(failing.status).toBe(503);
      expect(failing.body).toMatchObject({ status: 'error', error: { database: { status: 'down' } } });
      coordinator.announce();
      expect((await ask('GET', '/readyz')).body).toMatchObject({ status: 'shutting_down' });
    });

    it('is 503 if an indicator throws, with the error in the log, not in the response', async () => {
      const logger = recorder();
      const { ask } = await start(adapter, {
        logger,
        options: {
          health: {
            indicators: [
              () => {
                throw new Error('the password is wrong');
              },
            ],
          },
        },
      });
      const answer = await ask('GET', '/readyz');
      expect(answer.status).toBe(503);
      expect(answer.text).not.toContain('password');
      expect(logger.lines).toContainEqual(
        expect.stringContaining('a health indicator threw: the password is wrong'),
      );
    });

    it('fails if an announcement begins while an indicator runs', async () => {
      let asked!: () => void;
      const isAsked = new Promise<void>((resolve) => (asked = resolve));
      let answered!: () => void;
      const isAnswered = new Promise<void>((resolve) => (answered = resolve));
      const slow = async (): Promise<{ slow: { status: 'up' } }> => {
        asked();
        await isAnswered;
        return { slow: { status: 'up' } };
      };
      const { ask, coordinator } = await start(adapter, { options: { health: { indicators: [slow] } } });
      const answer = ask('GET', '/readyz');
      await isAsked;
      coordinator.announce();
      answered();
      expect((await answer).status).toBe(503);
    });

    it('logs no error when probed during an announcement', async () => {
      const logger = recorder();
      const { ask, coordinator } = await start(adapter, { logger });
      const before = logger.lines.length;
      coordinator.announce();
      expect((await ask('GET', '/readyz')).status).toBe(503);
      expect((await ask('GET', '/healthz')).status).toBe(200);
      expect(logger.lines.slice(before)).toEqual([]);
    });
  });

  describe('liveness', () => {
    it('is 200 before, during and after a shutdown', async () => {
      const { ask, coordinator } = await start(adapter);
      const seen: string[] = [];
      const probe = async (): Promise<void> => {
        seen.push(`${coordinator.state} ${(await ask('GET', '/healthz')).status}`);
      };
      await probe();
      for (const phase of ['announce', 'quiesce', 'drain', 'release', 'flush'] as const) {
        coordinator.register({ name: `probe in ${phase}`, [phase]: probe });
      }
      await coordinator.shutdown();
      await probe();
      expect(seen).toEqual([
        'running 200',
        'announce 200',
        'quiesce 200',
        'drain 200',
        'release 200',
        'flush 200',
        'completed 200',
      ]);
    });
  });

  describe('every route', () => {
    it('answers HEAD like GET, without a body', async () => {
      const { ask, coordinator } = await start(adapter);
      for (const path of ['/readyz', '/healthz']) {
        const [get, head] = [await ask('GET', path), await ask('HEAD', path)];
        expect(head.status).toBe(get.status);
        expect(head.text).toBe('');
        expect(head.headers['content-length']).toBe(get.headers['content-length']);
      }
      coordinator.announce();
      expect((await ask('HEAD', '/readyz')).status).toBe(503);
    });

    it('answers a wrong method with 405 and the allowed methods', async () => {
      const { ask } = await start(adapter, {
        options: { drainAuthKey: KEY },
        variables: { NODE_ENV: 'development' },
      });
      const tried = [
        ['POST', '/readyz', 'GET, HEAD'],
        ['DELETE', '/healthz', 'GET, HEAD'],
        ['OPTIONS', '/healthz', 'GET, HEAD'],
        ['GET', '/drain', 'POST, DELETE'],
        ['HEAD', '/drain', 'POST, DELETE'],
        ['PUT', '/drain', 'POST, DELETE'],
        ['GET', '/_internal/shutdown', 'POST'],
      ] as const;
      for (const [method, path, allow] of tried) {
        const { status, headers } = await ask(method, path);
        expect([method, path, status, headers['allow']]).toEqual([method, path, 405, allow]);
      }
    });

    it('ignores the query', async () => {
      const { ask } = await start(adapter);
      expect((await ask('GET', '/readyz?verbose=1')).status).toBe(200);
    });

    it('has the configured path, or none', async () => {
      const { ask } = await start(adapter, {
        options: {
          drainAuthKey: KEY,
          health: { readiness: '/ops/ready', liveness: false, drain: '/ops/drain' },
        },
      });
      const headers = bearer;
      expect((await ask('GET', '/ops/ready')).status).toBe(200);
      expect((await ask('GET', '/readyz')).status).toBe(404);
      expect((await ask('GET', '/healthz')).status).toBe(404);
      expect((await ask('POST', '/drain', { headers })).status).toBe(404);
      const { status, body } = await ask('POST', '/ops/drain', { headers });
      expect(status).toBe(202);
      expect(body).toMatchObject({ reason: 'operator: POST /ops/drain' });
    });
  });

  describe('the drain route', () => {
    const options = { drainAuthKey: KEY };

    it('announces once and resumes', async () => {
      const { ask, coordinator } = await start(adapter, { options });
      const headers = bearer;
      expect(await ask('POST', '/drain', { headers })).toMatchObject({
        status: 202,
        body: { phase: 'announce', reason: 'operator: POST /drain', inFlight: 0 },
      });
      expect(coordinator.state).toBe('announce');
      expect((await ask('POST', '/drain', { headers })).status).toBe(200);
      expect((await ask('GET', '/readyz')).status).toBe(503);
      expect((await ask('GET', '/orders/1')).status).toBe(200);
      expect(await ask('DELETE', '/drain', { headers })).toMatchObject({
        status: 200,
        body: { phase: 'running' },
      });
      expect((await ask('GET', '/readyz')).status).toBe(200);
      expect((await ask('DELETE', '/drain', { headers })).status).toBe(409);
    });

    it('is 409 when it is too late', async () => {
      const { ask, coordinator } = await start(adapter, { options });
      let finish!: () => void;
      const work = new Promise<void>((resolve) => (finish = resolve));
      coordinator.register({ name: 'work', drain: () => work });
      void coordinator.shutdown();
      await ask('GET', '/healthz');
      expect(coordinator.state).toBe('drain');
      for (const method of ['POST', 'DELETE']) {
        const { status, body } = await ask(method, '/drain', { headers: bearer });
        expect(status).toBe(409);
        expect(body).toMatchObject({ statusCode: 409, error: 'Conflict' });
      }
      finish();
      await coordinator.finished;
    });

    it('is 200 while a signal is being announced, which only a drain could undo', async () => {
      const { ask, coordinator } = await start(adapter, { options: { ...options, gracePeriodMs: 60_000 } });
      void coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' }, { announceDelayMs: 20_000 });
      expect((await ask('POST', '/drain', { headers: bearer })).status).toBe(200);
      expect((await ask('DELETE', '/drain', { headers: bearer })).status).toBe(409);
      coordinator.force('the test');
      await coordinator.finished;
    });

    it.each([
      ['no token', {}],
      ['another scheme', { authorization: `Basic ${KEY}` }],
      ['a wrong token', { authorization: `Bearer ${KEY}x` }],
      ['a part of the token', { authorization: `Bearer ${KEY.slice(0, -1)}` }],
      ['an empty token', { authorization: 'Bearer ' }],
    ])('is 401 with %s', async (_, headers) => {
      const { ask, coordinator } = await start(adapter, { options });
      for (const method of ['POST', 'DELETE']) {
        const answer = await ask(method, '/drain', { headers });
        expect(answer.status).toBe(401);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="drain"/);
        expect(answer.text).not.toContain(KEY);
      }
      expect(coordinator.isShuttingDown).toBe(false);
    });

    it('is 404 without a key', async () => {
      const { ask, coordinator } = await start(adapter);
      for (const method of ['POST', 'DELETE', 'GET']) {
        expect((await ask(method, '/drain', { headers: bearer })).status).toBe(404);
      }
      expect(coordinator.isShuttingDown).toBe(false);
    });

    it('keeps the key out of the log and of the report', async () => {
      const logger = recorder();
      const { ask, coordinator } = await start(adapter, { options, logger });
      await ask('POST', '/drain', { headers: { authorization: `Bearer ${KEY}-wrong` } });
      await ask('POST', '/drain', { headers: bearer });
      const report = await coordinator.shutdown();
      expect(JSON.stringify([report, coordinator.progress(), logger.lines])).not.toContain(KEY);
    });
  });

  describe('if the application has a route at the same path', () => {
    @Controller()
    class OwnRoutes {
      @Get('readyz')
      ready(): string {
        return 'own readiness';
      }

      @Get('healthz')
      live(): string {
        return 'own liveness';
      }
    }

    it('keeps it, and logs how it is handled', async () => {
      const logger = recorder();
      const { ask } = await start(adapter, { controllers: [OwnRoutes], logger });
      expect((await ask('GET', '/readyz')).text).toBe('own readiness');
      expect((await ask('GET', '/healthz')).text).toBe('own liveness');
      expect(logger.lines).toContainEqual(
        expect.stringContaining(
          '/readyz is served by the application; during a shutdown it is answered with 503',
        ),
      );
      expect(logger.lines).toContainEqual(
        expect.stringContaining('/healthz is served by the application until'),
      );
    });

    it('has no drain route at the same path', async () => {
      @Controller('drain')
      class DrainController {
        @Get()
        drain(): string {
          return 'own drain';
        }
      }
      const logger = recorder();
      const options = { drainAuthKey: KEY };
      const { ask, coordinator } = await start(adapter, { controllers: [DrainController], options, logger });
      expect((await ask('GET', '/drain')).text).toBe('own drain');
      expect((await ask('GET', '/drain', { headers: bearer })).text).toBe('own drain');
      expect(coordinator.isShuttingDown).toBe(false);
      expect(logger.lines.filter((line) => line.includes('/drain is served'))).toEqual([
        expect.stringContaining('so there is no drain route; to have one, set health.drain to another path'),
      ]);
    });

    it('ignores a catch-all route', async () => {
      @Controller()
      class EverythingController {
        @All(adapter.name === 'Express' ? '*path' : '*')
        @HttpCode(299)
        everything(): string {
          return 'everything';
        }
      }
      const { ask } = await start(adapter, {
        controllers: [EverythingController],
        options: { drainAuthKey: KEY },
      });
      expect((await ask('GET', '/whatever')).status).toBe(299);
      expect((await ask('GET', '/readyz')).status).toBe(200);
      expect((await ask('GET', '/healthz')).status).toBe(200);
      expect((await ask('POST', '/drain', { headers: bearer })).status).toBe(202);
    });
  });
});
