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
    'is 403 with %j',
    async (variables) => {
      const { ask, coordinator } = await start(adapter, { variables });
      expect((await ask('POST', PATH)).status).toBe(403);
      expect(coordinator.isShuttingDown).toBe(false);
    },
  );

  it.each(['origin', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'X-Forwarded-Proto'])(
    'is 403 with the header %s',
    async (name) => {
      const { ask, coordinator } = await start(adapter, { variables: IN_DEVELOPMENT });
      expect((await ask('POST', PATH, { headers: { [name]: 'null' } })).status).toBe(403);
      expect(coordinator.isShuttingDown).toBe(false);
    },
  );
});
