import { describe, expect, it } from '@jest/globals';
import { startApplication } from '../support/process/application.js';

describe('a logger that throws', () => {
  it('does not end the process when a signal is repeated', async () => {
    await using program = startApplication({ faults: ['logger-broken', 'drain-waits'] });
    await program.event('listening');
    program.signal('SIGTERM');
    await program.event('draining');

    program.signal('SIGTERM');
    // Both were delivered in this order: what comes after it finds the process alive.
    program.signal('SIGURG');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(await program.event('report')).toMatchObject({ report: { status: 'completed' } });
  });

  it('does not keep it alive when the options exit and exitCode fail, or the report cannot be written', async () => {
    await using program = startApplication({
      faults: ['logger-broken', 'handle-left'],
      exit: 'throws',
      exitCode: 'throws',
      options: { report: { file: '/nowhere/report.json' } },
    });
    await program.event('listening');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });
});
