import { afterEach, describe, expect, it } from '@jest/globals';
import { SpecialRoutes } from '../../../src/health/special-routes.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, start } from './health-application.js';
import type { RequestListener, Server } from 'node:http';

describe.each(ADAPTERS)('the gate for routes of the application’s own on $name', (adapter) => {
  afterEach(closeAll);
  guardAgainstLeaks();

  it('answers readiness routes with 503 in their place, and nothing else', async () => {
    const { app, ask, coordinator } = await start(adapter, {
      options: { health: { readinessPaths: ['/orders/ready'] } },
    });
    const server = app.getHttpServer() as Server;
    const gate = app.get(SpecialRoutes);
    const listeners = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      if (!gate.refuses(request, response)) for (const listener of listeners) listener(request, response);
    });
    coordinator.announce();

    for (const path of ['/orders/ready', '/orders/ready?full=1', '/readyz', 'http://test/readyz']) {
      const answer = await ask('GET', path);
      expect(answer.status).toBe(503);
      expect(answer.body).toMatchObject({
        status: 'shutting_down',
        error: { shutdown: { phase: 'announce' } },
      });
    }
    expect((await ask('HEAD', '/orders/ready')).status).toBe(503);
    expect((await ask('POST', '/orders/ready')).status).toBe(404);
    expect((await ask('GET', '/orders/readiness')).text).toBe('order readiness');
    expect((await ask('GET', '/healthz')).status).toBe(200);
  });

  it('exempts health, drain and metrics routes, and those that were named', async () => {
    const { app } = await start(adapter, {
      options: {
        health: {
          liveness: '/live',
          shutdown: '/_internal/shutdown',
          readinessPaths: ['/own/ready'],
          livenessPaths: ['/own/live'],
        },
        exemptRoutes: ['GET /stats', '/admin/*', '/wild*'],
      },
    });
    const gate = app.get(SpecialRoutes);
    const exempt = [
      'GET /readyz',
      'HEAD /readyz',
      'GET /live?x=1',
      'POST /drain',
      'DELETE /drain',
      'POST /_internal/shutdown',
      'GET /own/ready',
      'GET /own/live',
      'GET /stats',
      'HEAD /stats',
      'GET /admin/users',
      'POST /admin/users?id=1',
      'GET /wildcard',
    ];
    const others = [
      'GET /',
      'GET /healthz',
      'GET /live/x',
      'GET /metrics',
      'POST /stats',
      'GET /admin',
      'GET /own',
    ];
    const isExempt = (route: string): boolean => {
      const [method = '', url = ''] = route.split(' ');
      return gate.isExempt(method, url);
    };
    expect([...exempt, ...others].filter(isExempt)).toEqual(exempt);
  });

  it('exempts /metrics where nothing else was named', async () => {
    const { app } = await start(adapter);
    expect(app.get(SpecialRoutes).isExempt('GET', '/metrics')).toBe(true);
  });
});
