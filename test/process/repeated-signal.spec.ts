import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { startApplication } from '../support/process/application.js';
import type { ApplicationPlan } from '../fixtures/plan.js';
import type { Program } from '../support/process/program.js';

/** What has a second signal come 5 s after the first one. */
const FIVE_SECONDS_LATER: ApplicationPlan = { faults: ['clock-jumps'], options: { gracePeriodMs: 60_000 } };

/** An application that a first signal has brought into its drain. */
async function draining(plan: ApplicationPlan, signal: NodeJS.Signals, nest: 11 | 12 = 12): Promise<Program> {
  const program = startApplication({ ...plan, faults: ['drain-waits', ...(plan.faults ?? [])] }, { nest });
  await program.event('listening');
  program.signal(signal);
  await program.event('draining');
  return program;
}

describe('a repeated signal', () => {
  it('is ignored, and logged, when it is SIGTERM: Kubernetes may send it twice', async () => {
    await using program = await draining({}, 'SIGTERM');

    program.signal('SIGTERM');
    await program.printed(/SIGTERM again: shutdown already in progress/);
    program.signal('SIGURG');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });

  it.each(['enable', 'hooks'] as const)(
    'forces, with 143, when it is a SIGTERM 5 s after the first one: "%s"',
    async (line) => {
      await using program = await draining({ line, ...FIVE_SECONDS_LATER }, 'SIGTERM');

      program.signal('SIGTERM');

      expect(await program.exited).toMatchObject({ code: 143, signal: null });
      expect(await program.event('report')).toMatchObject({
        report: {
          status: 'forced',
          forcedBy: 'SIGTERM again',
          pending: expect.arrayContaining([
            expect.objectContaining({ name: 'what a drain waits for', phase: 'drain' }),
          ]),
        },
      });
    },
  );

  it.each(['enable', 'hooks'] as const)(
    'forces, with 130, when it is a SIGINT that is no part of the first key press: "%s"',
    async (line) => {
      await using program = await draining({ line }, 'SIGINT');

      // Counted from the first one, a later one is another key press.
      await delay(250);
      program.signal('SIGINT');

      expect(await program.exited).toMatchObject({ code: 130, signal: null });
    },
  );

  it.each([
    { line: 'enable', nest: 12 },
    { line: 'hooks', nest: 12 },
    { line: 'hooks', nest: 12, platform: 'fastify' },
    { line: 'hooks', nest: 12, kind: 'microservice' },
    { line: 'hooks', nest: 12, kind: 'context' },
    { line: 'hooks', nest: 12, hooks: 'native' },
    { line: 'enable', nest: 11 },
    { line: 'hooks', nest: 11 },
    { line: 'hooks', nest: 11, hooks: 'native' },
  ] as const)(
    'runs no hook after the report of a shutdown that it forced before the release: %j',
    async ({ nest, ...given }) => {
      const { hooks = 'drain-first', ...application } = { hooks: undefined, ...given };
      const plan: ApplicationPlan = {
        ...application,
        options: { ...FIVE_SECONDS_LATER.options, hooks },
        faults: ['clock-jumps', 'report-takes-time'],
      };
      await using program = await draining(plan, 'SIGTERM', nest);

      program.signal('SIGTERM');

      await program.exited;
      const names = program.events.map(({ event }) => event);
      expect(names).toContain('report');
      expect(names.slice(names.indexOf('report') + 1)).not.toContain('hook');
    },
  );

  it('forces, with 130, when a SIGINT follows a SIGTERM', async () => {
    await using program = await draining({}, 'SIGTERM');

    await delay(250);
    program.signal('SIGINT');

    expect(await program.exited).toMatchObject({ code: 130, signal: null });
  });

  it('is the same key press when a SIGINT follows at once: npm passes on what the terminal has sent', async () => {
    await using program = await draining({ faults: ['two-key-presses'] }, 'SIGINT');
    await program.printed(/SIGINT again: shutdown already in progress/);

    program.signal('SIGURG');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });

  it('ends the process, without exit code of its own, when the first one was an app.close()', async () => {
    await using program = await draining(FIVE_SECONDS_LATER, 'SIGIO');
    program.signal('SIGTERM');
    await program.printed(/SIGTERM: shutdown already in progress/);

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 143, signal: null });
  });
});

describe("a signal during an operator's drain", () => {
  it('ends it, and the process', async () => {
    const drainAuthKey = 'a-key-of-more-than-16-characters';
    await using program = startApplication({ options: { drainAuthKey }, faults: ['handle-left'] });
    const { url } = await program.event('listening');
    const answer = await fetch(`${String(url)}/drain`, {
      method: 'POST',
      headers: { authorization: `Bearer ${drainAuthKey}` },
    });
    expect(answer.status).toBe(202);
    expect((await fetch(`${String(url)}/quick`)).status).toBe(200);

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(await program.event('report')).toMatchObject({
      report: { status: 'completed', reason: { kind: 'signal', signal: 'SIGTERM' } },
    });
  });
});
