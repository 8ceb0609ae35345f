import { describe, expect, it } from '@jest/globals';
import { hooksOf, startApplication } from '../support/process/application.js';

/**
 * What holds on another runtime than Node.
 *
 * @param runtime the command that runs a program
 * @param watchdog what is printed when the event loop is blocked past the deadline, and how the process ends
 */
export function drainsOn(
  name: string,
  runtime: () => readonly string[],
  watchdog: { readonly prints: RegExp; readonly ends: object },
): void {
  describe.each(['express', 'fastify'] as const)(`an application on ${name} and %s`, (platform) => {
    it('answers what it has on SIGTERM, runs its hooks, reports and exits with 0', async () => {
      await using program = startApplication({ platform }, { runtime: runtime() });
      const { url } = await program.event('listening');
      const response = fetch(`${String(url)}/slow?ms=500`);
      await program.event('request');

      program.signal('SIGTERM');

      expect(await (await response).json()).toEqual({ open: true });
      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(hooksOf(program)).toHaveLength(3);
      expect(await program.event('report')).toMatchObject({
        report: { status: 'completed', reason: { kind: 'signal', signal: 'SIGTERM' }, cuts: [] },
      });
    });
  });

  describe(`an application on ${name}`, () => {
    // Nest does not find its default on Bun.
    const platform = 'express' as const;

    it('exits with 1 when a hook fails, and 124 when its time is up', async () => {
      await using failing = startApplication(
        { platform, faults: ['destroy-throws'] },
        { runtime: runtime() },
      );
      const options = { gracePeriodMs: 1_000 };
      const plan = { platform, faults: ['destroy-hangs'], options } as const;
      await using hanging = startApplication(plan, { runtime: runtime() });
      for (const program of [failing, hanging]) {
        await program.event('listening');
        program.signal('SIGTERM');
      }

      expect(await failing.exited).toMatchObject({ code: 1, signal: null });
      expect(await hanging.exited).toMatchObject({ code: 124, signal: null });
    });

    it('is forced by a second signal', async () => {
      const plan = {
        platform,
        faults: ['drain-waits', 'clock-jumps'] as const,
        options: { gracePeriodMs: 60_000 },
      };
      await using program = startApplication(plan, { runtime: runtime() });
      await program.event('listening');
      program.signal('SIGTERM');
      await program.event('draining');

      program.signal('SIGINT');

      expect(await program.exited).toMatchObject({ code: 130, signal: null });
    });

    // Deno does not always start a thread while the event loop is blocked.
    it('says what becomes of a blocked event loop', async () => {
      const plan = {
        platform,
        faults: ['drain-blocks'],
        options: { gracePeriodMs: 1_000, watchdog: 'at-boot' },
      } as const;
      await using program = startApplication(plan, { runtime: runtime() });
      await program.event('listening');

      program.signal('SIGTERM');

      expect(await program.exited).toMatchObject(watchdog.ends);
      expect(program.output).toMatch(watchdog.prints);
    });
  });
}
