import { describe, expect, it } from '@jest/globals';
import { startApplication } from '../support/process/application.js';

describe('stdout that nobody reads any more', () => {
  it('does not end the shutdown', async () => {
    await using program = startApplication({ faults: ['handle-left'] });
    await program.event('listening');
    program.stdout.destroy();

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });

  it('does not hold up the exit when it is full', async () => {
    await using program = startApplication({ faults: ['handle-left', 'last-words'] });
    await program.event('listening');
    program.stdout.pause();

    program.signal('SIGTERM');

    expect(await program.gone).toMatchObject({ code: 0, signal: null });
  });
});

describe('stdout that is read slowly', () => {
  it('is complete when the process ends', async () => {
    await using program = startApplication({ faults: ['last-words'] });
    await program.event('listening');
    program.stdout.pause();
    program.signal('SIGTERM');
    await program.printed(/written/);

    program.stdout.resume();
    const { code, output } = await program.exited;

    expect(code).toBe(0);
    expect(output).toMatch(/\.\nlast words\n[^]*shutdown completed after/);
  });
});
