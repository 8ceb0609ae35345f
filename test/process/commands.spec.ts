import { describe, expect, it } from '@jest/globals';
import { start } from '../support/process/program.js';

describe.each([12, 11] as const)('a command of nest-commander on Nest %i', (nest) => {
  it.each([{ args: ['import'] }, { args: ['import', 'rows'] }])(
    'is finished when a signal comes, and its process exits with 0: $args',
    async ({ args }) => {
      await using program = start('fixtures/commands', { nest, args });
      await program.event('working');

      program.signal('SIGTERM');
      await program.event('phase', ({ phase }) => phase === 'drain');
      expect(program.events.map(({ event }) => event)).not.toContain('hook');
      program.signal('SIGURG');

      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(program.events.map(({ event }) => event).filter((event) => event !== 'phase')).toEqual([
        'working',
        'done',
        'hook',
        'report',
      ]);
      expect(await program.event('report')).toMatchObject({ report: { status: 'completed', cuts: [] } });
    },
  );

  it('is named as cut when its time is up, and its process exits with 1', async () => {
    await using program = start('fixtures/commands', {
      nest,
      args: ['import', 'rows'],
      env: { DRAIN_MS: '100' },
    });
    await program.event('working');

    program.signal('SIGINT');

    expect(await program.exited).toMatchObject({ code: 1, signal: null });
    expect(await program.event('report')).toMatchObject({
      report: { status: 'failed', cuts: [{ kind: 'task', name: 'Rows.run', phase: 'drain' }] },
    });
  });

  it('ends by itself without a signal, and leaves no listener that keeps the process', async () => {
    await using program = start('fixtures/commands', { nest, args: ['import'] });
    await program.event('working');

    program.signal('SIGURG');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(await program.event('report')).toMatchObject({ report: { reason: { kind: 'close' } } });
  });

  it('is ended by the signal where CommandFactory.run() leaves nothing to hand over, and not with 0', async () => {
    await using program = start('fixtures/commands', { nest, args: ['import'], env: { ENABLED: 'no' } });
    await program.event('working');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: null, signal: 'SIGTERM' });
  });
});
