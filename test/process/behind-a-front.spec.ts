import { describe, expect, it } from '@jest/globals';
import { startApplication } from '../support/process/application.js';
import { announcedForMs } from './announced-for.js';

describe('an application whose connections are handed over by a server in front of it', () => {
  it.each([
    ['express', 12],
    ['express', 11],
    ['fastify', 12],
    ['fastify', 11],
  ] as const)('announces its shutdown, and serves meanwhile: %s, Nest %i', async (platform, nest) => {
    const plan = { platform, options: { gracePeriodMs: 10_000 } };
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    await using program = startApplication(plan, { program: 'fixtures/behind-a-front', nest, env });
    const { url } = await program.event('listening');
    await fetch(`${String(url)}/quick`);

    program.signal('SIGTERM');
    await program.event('announcing');
    const response = await fetch(`${String(url)}/quick`);

    expect(await response.json()).toEqual({ open: true });
    expect(await announcedForMs(program)).toBeGreaterThanOrEqual(plan.options.gracePeriodMs / 5);
  });

  it('announces nothing while nobody has come that way', async () => {
    const plan = { options: { gracePeriodMs: 10_000 } };
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    await using program = startApplication(plan, { program: 'fixtures/behind-a-front', env });
    await program.event('listening');

    program.signal('SIGTERM');

    expect(await announcedForMs(program)).toBeLessThan(plan.options.gracePeriodMs / 5);
  });
});
