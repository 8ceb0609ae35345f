import { afterEach, describe, expect, it } from '@jest/globals';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS, closeAll, start } from './health-application.js';

const PATH = '/_internal/shutdown';
const IN_DEVELOPMENT = { NODE_ENV: 'development' };

describe.each(ADAPTERS)('POST /_internal/shutdown on $name', (adapter) => {
  afterEach(closeAll);
  guardAgainstLeaks();

  it('shuts down, and asks for the exit, in development', async () => {
    const { ask, coordinator } = await start(adapter, { variables: IN_DEVELOPMENT });
    const answer = await ask('POST', PATH);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ reason: 'development: POST /_internal/shutdown' });
    const report = await coordinator.finished;
    expect(report.reason.kind).toBe('development');
    expect(coordinator.exitRequested).toBe(true);
  });

  it.each([{ NODE_ENV: 'production' }, { NODE_ENV: 'Development' }, { NODE_ENV: 'test' }, {}])(
    'does not exist with %j',
    async (variables) => {
      const { ask, coordinator } = await start(adapter, { variables });
      expect((await ask('POST', PATH)).status).toBe(404);
      expect(coordinator.isShuttingDown).toBe(false);
    },
  );

  it('exists elsewhere if it is asked for, at the path it is asked for', async () => {
    const options = { health: { shutdown: '/ops/stop' } };
    const { ask, coordinator } = await start(adapter, { options, variables: { NODE_ENV: 'production' } });
    expect((await ask('POST', PATH)).status).toBe(404);
    expect((await ask('POST', '/ops/stop')).status).toBe(202);
    const { reason } = await coordinator.finished;
    expect(reason).toMatchObject({ kind: 'development', message: 'POST /ops/stop' });
  });

  it.each([
    ['origin', 'null'],
    ['forwarded', 'for=10.0.0.1'],
    ['x-forwarded-for', '10.0.0.1'],
    ['x-forwarded-host', 'shop.example'],
    ['X-Forwarded-Proto', 'https'],
    ['Via', '1.1 proxy'],
    ['X-Real-IP', '10.0.0.1'],
    ['CF-Connecting-IP', '10.0.0.1'],
    ['CF-Ray', '1'],
    ['CDN-Loop', 'proxy'],
    ['True-Client-IP', '10.0.0.1'],
    ['X-Envoy-External-Address', '10.0.0.1'],
    ['Host', 'rebound.example'],
    ['Sec-Fetch-Site', 'cross-site'],
  ])('is 403 with %s: %s', async (name, value) => {
    const { ask, coordinator } = await start(adapter, { variables: IN_DEVELOPMENT });
    expect((await ask('POST', PATH, { headers: { [name]: value } })).status).toBe(403);
    expect(coordinator.isShuttingDown).toBe(false);
  });
});
