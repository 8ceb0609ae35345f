import { describe, expect, it } from '@jest/globals';
import { start, type Program } from '../support/process/program.js';
import type { TwoCopiesPlan } from '../fixtures/two-copies.js';

const startCopies = (plan: TwoCopiesPlan, env: Record<string, string> = {}): Program =>
  start('fixtures/two-copies', { env: { COPIES: plan, NODE_ENV: 'production', ...env } });

const DIST = String.raw`\S*[\\/]dist[\\/]`;

describe('two copies of the package in one process', () => {
  it.each<[string, Record<string, string>]>([
    ['by themselves', {}],
    ['beside what an earlier version has left', { EARLIER: 'yes' }],
  ])('drain both on one SIGTERM, and the process ends once: %s', async (_, env) => {
    await using program = startCopies('an application of each', env);
    await program.event('started');
    program.signal('SIGTERM');
    await program.event('draining', ({ name }) => name === 'CommonJS');
    await program.event('draining', ({ name }) => name === 'ES modules');

    program.signal('SIGURG');
    await program.event('report', ({ name }) => name === 'CommonJS');
    program.signal('SIGWINCH');

    const { code, signal, output } = await program.exited;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(output).not.toMatch(/WARN|ERROR/);
    for (const name of ['CommonJS', 'ES modules']) {
      expect(await program.event('report', (event) => event['name'] === name)).toMatchObject({
        report: { status: 'completed', reason: { kind: 'signal', signal: 'SIGTERM' } },
      });
    }
    expect(program.events.filter(({ event }) => event === 'destroyed')).toHaveLength(2);
  });

  it.each<[TwoCopiesPlan, string]>([
    [
      'one application',
      `GracefulShutdownModule is imported from two copies of nestjs-drain, at (${DIST}esm and at ${DIST}cjs|${DIST}cjs and at ${DIST}esm)\\.`,
    ],
    [
      'one server',
      `this HTTP server is already drained by the copy of nestjs-drain at ${DIST}esm, and this is the copy at ${DIST}cjs:`,
    ],
    [
      'one application, beside a decorator of another version',
      `@OnShutdown\\(\\) on Mailer comes from another version of nestjs-drain, at /somewhere/else, which the one at ${DIST}esm cannot read`,
    ],
  ])('are told apart where only one can be: %s', async (plan, message) => {
    await using program = startCopies(plan);
    const failed = await program.event('failed');
    expect(failed['message']).toMatch(new RegExp(message));
    expect(await program.exited).toMatchObject({ code: 0 });
  });
});
