import { afterEach, describe, expect, it } from '@jest/globals';
import { ForbiddenException, BadRequestException, VersioningType } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { map } from 'rxjs';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, KEY, start } from './health-application.js';
import type { ServerResponse } from 'node:http';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import type { HealthApplication } from './health-application.js';

const bearer = { authorization: `Bearer ${KEY}` };

/** Every route of ours answers as it should. */
async function expectAllRoutes({ ask }: HealthApplication): Promise<void> {
  const answers = [
    await ask('GET', '/readyz'),
    await ask('GET', '/healthz'),
    await ask('POST', '/_internal/shutdown', { headers: { via: '1.1 proxy' } }),
    await ask('POST', '/drain', { headers: bearer }),
    await ask('GET', '/readyz'),
    await ask('DELETE', '/drain', { headers: bearer }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 202, 503, 200]);
  expect(answers[0]?.body).toMatchObject({ status: 'ok', info: { shutdown: { status: 'up' } } });
  expect(answers[1]?.body).toMatchObject({ status: 'ok' });
}

describe.each(ADAPTERS)('health routes on $name', (adapter) => {
  const options = { drainAuthKey: KEY, health: { shutdown: '/_internal/shutdown' } };

  afterEach(closeAll);
  guardAgainstLeaks();

  it('are not under the global prefix', async () => {
    const it = await start(adapter, { options, configure: (app) => void app.setGlobalPrefix('api') });
    expect((await it.ask('GET', '/api/orders/1')).status).toBe(200);
    expect((await it.ask('GET', '/orders/1')).status).toBe(404);
    await expectAllRoutes(it);
    expect((await it.ask('GET', '/api/readyz')).status).toBe(404);
  });

  it.each([
    { type: VersioningType.URI, defaultVersion: '1' } as const,
    { type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' } as const,
    { type: VersioningType.MEDIA_TYPE, key: 'v=', defaultVersion: '1' } as const,
  ])('have no version with versioning $type', async (versioning) => {
    const it = await start(adapter, { options, configure: (app) => void app.enableVersioning(versioning) });
    const isUri = versioning.type === VersioningType.URI;
    expect((await it.ask('GET', '/orders/1')).status).toBe(404);
    expect(
      (
        await it.ask('GET', isUri ? '/v1/orders/1' : '/orders/1', {
          headers: { 'x-version': '1', accept: 'application/json;v=1' },
        })
      ).status,
    ).toBe(200);
    await expectAllRoutes(it);
    expect((await it.ask('GET', '/readyz', { headers: { 'x-version': '2' } })).status).toBe(200);
  });

  it('are not held back by a global guard', async () => {
    const canActivate = (): never => {
      throw new ForbiddenException();
    };
    const it = await start(adapter, {
      options,
      providers: [{ provide: APP_GUARD, useValue: { canActivate } }],
    });
    expect((await it.ask('GET', '/orders/1')).status).toBe(403);
    await expectAllRoutes(it);
  });

  it('do not go through a global pipe', async () => {
    const transform = (): never => {
      throw new BadRequestException();
    };
    const it = await start(adapter, { options, providers: [{ provide: APP_PIPE, useValue: { transform } }] });
    expect((await it.ask('GET', '/orders/1')).status).toBe(400);
    await expectAllRoutes(it);
  });

  it('do not go through a global interceptor', async () => {
    const seen: string[] = [];
    const intercept = (context: ExecutionContext, next: CallHandler): unknown => {
      seen.push(context.switchToHttp().getRequest<{ url: string }>().url);
      return next.handle().pipe(map((data: unknown) => ({ data })));
    };
    const it = await start(adapter, {
      options,
      providers: [{ provide: APP_INTERCEPTOR, useValue: { intercept } }],
    });
    expect((await it.ask('GET', '/orders/1')).body).toEqual({ data: 'order 1' });
    await expectAllRoutes(it);
    expect(seen).toEqual(['/orders/1']);
  });

  it('answer before a body is parsed', async () => {
    const it = await start(adapter, { options });
    const json = { 'content-type': 'application/json' };
    expect((await it.ask('POST', '/orders/1', { headers: json, body: '{' })).status).toBe(400);
    const headers = { ...json, ...bearer };
    expect((await it.ask('POST', '/drain', { headers, body: '{' })).status).toBe(202);
    const unknown = { 'content-type': 'application/x-unknown', ...bearer };
    expect((await it.ask('DELETE', '/drain', { headers: unknown, body: 'x' })).status).toBe(200);
    expect((await it.ask('POST', '/drain', { headers: bearer, body: 'x'.repeat(2_000_000) })).status).toBe(
      202,
    );
  });
});

describe('health routes on Express', () => {
  afterEach(closeAll);
  guardAgainstLeaks();

  it('are in front of the middleware of the application', async () => {
    const it = await start(ADAPTERS[0], {
      options: { drainAuthKey: KEY, health: { shutdown: '/_internal/shutdown' } },
      configure: (app) =>
        void app.use((_: unknown, response: ServerResponse) => {
          response.statusCode = 418;
          response.end();
        }),
    });
    expect((await it.ask('GET', '/orders/1')).status).toBe(418);
    await expectAllRoutes(it);
  });
});
