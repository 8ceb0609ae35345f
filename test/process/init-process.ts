import { describe, expect, it } from '@jest/globals';
import { hooksOf, startApplication } from '../support/process/application.js';

/** An init process signals the application, waits for it, and ends with its exit code. */
export function itDrainsUnder(init: string, args: readonly string[]): void {
  describe(`under ${init}`, () => {
    it('a SIGTERM drains, and the exit code is passed on', async () => {
      await using program = startApplication({}, { under: [init, ...args] });
      const { url } = await program.event('listening');
      const response = fetch(`${String(url)}/slow?ms=300`);
      await program.event('request');

      program.signal('SIGTERM');

      expect((await response).status).toBe(200);
      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(hooksOf(program)).toHaveLength(3);
    });

    it('the exit code of a failed shutdown is passed on, too', async () => {
      await using program = startApplication({ faults: ['destroy-throws'] }, { under: [init, ...args] });
      await program.event('listening');

      program.signal('SIGTERM');

      expect(await program.exited).toMatchObject({ code: 1, signal: null });
    });
  });
}
