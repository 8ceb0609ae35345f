import { describe, expect, it } from '@jest/globals';
import { hooksOf, startApplication } from '../support/process/application.js';

describe('a shutdown message from the parent process', () => {
  it.each([
    [12, 'enable'],
    [11, 'enable'],
    [12, 'hooks'],
    [11, 'hooks'],
  ] as const)(
    'shuts down and ends the process, without announce delay: Nest %i, "%s"',
    async (nest, line) => {
      const options = { gracePeriodMs: 20_000, announceDelayMs: 4_000 };
      const plan = { line, options, faults: ['handle-left'] as const };
      await using program = startApplication(plan, { nest, ipc: true });
      await program.event('listening');

      program.send('shutdown');

      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(hooksOf(program)).toEqual([
        'beforeApplicationShutdown',
        'onModuleDestroy',
        'onApplicationShutdown',
      ]);
      const { report } = (await program.event('report')) as unknown as { report: { durationMs: number } };
      expect(report).toMatchObject({
        status: 'completed',
        reason: { kind: 'signal', message: 'shutdown message from the parent process' },
      });
      expect(report.durationMs).toBeLessThan(options.announceDelayMs);
    },
  );

  it('is ignored and logged when it comes again', async () => {
    await using program = startApplication({ faults: ['drain-waits'] }, { ipc: true });
    await program.event('listening');
    program.send('shutdown');
    await program.event('draining');

    program.send('shutdown');
    await program.printed(/shutdown message again: shutdown already in progress/);
    program.signal('SIGURG');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });

  it('is the only one that is taken: others are left to the application', async () => {
    await using program = startApplication({ faults: ['talks-with-parent'] }, { ipc: true });
    await program.event('listening');

    program.send({ shutdown: 'not that one' });

    expect(await program.event('message')).toMatchObject({ message: { shutdown: 'not that one' } });
    program.signal('SIGPWR');
    await program.event('listeners');
    expect(program.events.map(({ event }) => event)).not.toContain('phase');
    program.send('shutdown');
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });

  it('is not waited for: a process with nothing to do ends by itself', async () => {
    await using program = startApplication({ kind: 'context', faults: ['ends-by-itself'] }, { ipc: true });
    await program.event('listening');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(hooksOf(program)).toEqual([]);
  });

  it("leaves a process alive that waits for its parent's messages", async () => {
    await using program = startApplication(
      { kind: 'context', faults: ['ends-by-itself', 'talks-with-parent'] },
      { ipc: true },
    );
    await program.event('listening');

    program.send('work');

    expect(await program.event('message')).toMatchObject({ message: 'work' });
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });

  it("is not listened to any longer when the application is closed, which the parent's other messages survive", async () => {
    await using program = startApplication({ faults: ['talks-with-parent'] }, { ipc: true });
    await program.event('listening');
    program.signal('SIGIO');
    await program.event('closed');

    program.signal('SIGPWR');
    expect(await program.event('listeners')).toMatchObject({ message: 1 });
    program.send('work');

    expect(await program.event('message')).toMatchObject({ message: 'work' });
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });
});
