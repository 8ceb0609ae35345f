import { describe, expect, it } from '@jest/globals';
import { startApplications } from '../support/process/application.js';

describe.each([12, 11] as const)('several applications in one process on Nest %i', (nest) => {
  it.each([
    ['enable', 'enable'],
    ['hooks', 'hooks'],
    ['enable', 'hooks'],
    ['hooks', 'enable'],
    // Nest's listener ends the process for the one that does not listen, too.
    ['hooks', 'neither'],
    ['neither', 'hooks'],
  ] as const)('are all drained, and the last one ends the process: "%s" and "%s"', async (one, other) => {
    await using program = startApplications(
      [
        { name: 'one', line: one, drainWaitsFor: 'SIGURG' },
        { name: 'other', line: other, drainWaitsFor: 'SIGWINCH' },
      ],
      { nest },
    );
    await program.event('started');
    program.signal('SIGTERM');
    await program.event('draining', ({ name }) => name === 'one');
    await program.event('draining', ({ name }) => name === 'other');

    program.signal('SIGURG');
    await program.event('report', ({ name }) => name === 'one');
    program.signal('SIGWINCH');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(await program.event('report', ({ name }) => name === 'other')).toMatchObject({
      report: { status: 'completed', reason: { kind: 'signal', signal: 'SIGTERM' } },
    });
  });
});

describe('several applications in one process', () => {
  it.each([
    [3, 0],
    [0, 3],
  ])('give the exit code of whoever had trouble: %i and %i', async (first, last) => {
    await using program = startApplications([
      { name: 'first', line: 'enable', exitCode: first },
      { name: 'last', line: 'enable', exitCode: last, drainWaitsFor: 'SIGURG' },
    ]);
    await program.event('started');
    program.signal('SIGTERM');
    await program.event('report', ({ name }) => name === 'first');

    program.signal('SIGURG');

    expect(await program.exited).toMatchObject({ code: 3, signal: null });
  });

  it('do not wait for one that does not shut down', async () => {
    await using program = startApplications([
      { name: 'signalled', line: 'enable' },
      { name: 'not wired', line: 'neither' },
    ]);
    await program.event('started');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });

  it('wait for one that its owner closes', async () => {
    await using program = startApplications([
      { name: 'signalled', line: 'enable' },
      { name: 'closed', line: 'neither', drainWaitsFor: 'SIGURG', closedBy: 'SIGIO' },
    ]);
    await program.event('started');
    program.signal('SIGIO');
    await program.event('draining', ({ name }) => name === 'closed');
    program.signal('SIGTERM');
    await program.event('report', ({ name }) => name === 'signalled');

    program.signal('SIGURG');

    await program.exited;
    expect(await program.event('report', ({ name }) => name === 'closed')).toMatchObject({
      report: { status: 'completed' },
    });
  });

  it('do not wait for each other when a signal is repeated', async () => {
    await using program = startApplications([
      { name: 'signalled', line: 'enable', clockJumps: true },
      { name: 'closed', line: 'neither', drainWaitsFor: 'SIGURG', closedBy: 'SIGIO' },
    ]);
    await program.event('started');
    program.signal('SIGIO');
    await program.event('draining', ({ name }) => name === 'closed');
    program.signal('SIGTERM');
    await program.event('report', ({ name }) => name === 'signalled');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 143, signal: null });
  });

  it('go on when one is closed: the others still know why they shut down', async () => {
    await using program = startApplications([
      { name: 'closed', line: 'hooks', closedBy: 'SIGIO' },
      { name: 'signalled', line: 'hooks' },
    ]);
    await program.event('started');
    program.signal('SIGIO');
    await program.event('closed');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(await program.event('report', ({ name }) => name === 'signalled')).toMatchObject({
      report: { reason: { kind: 'signal', signal: 'SIGTERM' } },
    });
  });

  it('watch the listeners of the process once for all, and only as long as one of them lives', async () => {
    const plans = Array.from({ length: 12 }, (_, index) => ({
      name: String(index),
      line: 'hooks' as const,
      closedBy: 'SIGIO' as const,
    }));
    await using program = startApplications(plans);
    await program.event('started');
    program.signal('SIGPWR');
    const before = await program.event('listeners');
    for (const { name } of plans) {
      if (name === '0') program.signal('SIGIO');
      await program.event('closed', (event) => event['name'] === name);
    }

    program.signal('SIGPWR');
    const after = await program.event('listeners', (event) => event !== before);

    // Node has one each of its own.
    expect(before).toMatchObject({ newListener: Number(after['newListener']) + 1 });
    expect(before).toMatchObject({ removeListener: Number(after['removeListener']) + 1 });
    expect(after).toMatchObject({ SIGTERM: 0 });
  });
});
