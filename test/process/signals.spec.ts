import { describe, expect, it } from '@jest/globals';
import { hooksOf, startApplication } from '../support/process/application.js';
import type { ApplicationPlan } from '../fixtures/plan.js';

const LINES = ['enable', 'hooks', 'both'] as const;

describe.each([12, 11] as const)('a signal on Nest %i', (nest) => {
  it.each([
    { kind: 'http', line: 'enable', signal: 'SIGTERM' },
    { kind: 'http', line: 'hooks', signal: 'SIGINT' },
    { kind: 'http', line: 'both', signal: 'SIGTERM' },
    { kind: 'hybrid', line: 'enable', signal: 'SIGINT' },
    { kind: 'hybrid', line: 'hooks', signal: 'SIGTERM' },
    { kind: 'microservice', line: 'enable', signal: 'SIGINT' },
    { kind: 'microservice', line: 'hooks', signal: 'SIGTERM' },
    { kind: 'context', line: 'enable', signal: 'SIGINT' },
    { kind: 'context', line: 'hooks', signal: 'SIGTERM' },
  ] as const)(
    'shuts down once and ends the process, whoever else listens and whatever is open: $kind, "$line", $signal',
    async ({ kind, line, signal }) => {
      await using program = startApplication({ kind, line, faults: ['bystander', 'handle-left'] }, { nest });
      await program.event('listening');

      program.signal(signal);
      const exit = await program.exited;

      expect(exit).toMatchObject({ code: 0, signal: null });
      expect(hooksOf(program)).toEqual([
        `beforeApplicationShutdown ${signal}`,
        'onModuleDestroy',
        `onApplicationShutdown ${signal}`,
      ]);
      expect(program.events.filter(({ event }) => event === 'bystander')).toHaveLength(1);
      expect(await program.event('report')).toMatchObject({
        report: { status: 'completed', reason: { kind: 'signal', signal } },
      });
    },
  );

  it.each(LINES)('lets a request in flight finish before anything is destroyed: "%s"', async (line) => {
    await using program = startApplication({ line }, { nest });
    const { url } = await program.event('listening');
    const response = fetch(`${String(url)}/slow?ms=300`);
    await program.event('request');

    program.signal('SIGTERM');

    expect(await (await response).json()).toEqual({ open: true });
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });

  it.each(LINES)(
    'that arrives while app.close() runs joins it, then ends the process: "%s"',
    async (line) => {
      await using program = startApplication({ line, faults: ['drain-waits', 'handle-left'] }, { nest });
      await program.event('listening');
      program.signal('SIGIO');
      await program.event('draining');

      program.signal('SIGTERM');
      await program.printed(/SIGTERM: shutdown already in progress/);
      program.signal('SIGURG');

      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(hooksOf(program)).toEqual([
        'beforeApplicationShutdown',
        'onModuleDestroy',
        expect.stringMatching(/^onApplicationShutdown/),
      ]);
      expect(await program.event('report')).toMatchObject({ report: { reason: { kind: 'close' } } });
    },
  );

  describe.each(['signal-at-the-end', 'signal-from-io'] as const)(
    'that arrives when app.close() ends',
    (fault) => {
      it.each(LINES)(`is not lost (${fault}): "%s"`, async (line) => {
        await using program = startApplication({ line, faults: [fault, 'handle-left'] }, { nest });
        await program.event('listening');

        program.signal('SIGIO');

        expect(await program.exited).toMatchObject({ code: 0, signal: null });
        expect(await program.event('report')).toMatchObject({ report: { reason: { kind: 'close' } } });
      });
    },
  );

  it.each(LINES)('finds no listener left after app.close(), with the line "%s"', async (line) => {
    await using program = startApplication({ line, faults: ['handle-left'] }, { nest });
    await program.event('listening');
    program.signal('SIGIO');
    await program.event('closed');

    program.signal('SIGPWR');
    expect(await program.event('listeners')).toMatchObject({ SIGTERM: 0, SIGINT: 0 });

    program.signal('SIGTERM');
    expect(await program.exited).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('drains by a hand-written process.on(), for the reason close, and is warned about', async () => {
    await using program = startApplication({ line: 'foreign' }, { nest });
    const { url } = await program.event('listening');
    await program.printed(
      /An unrecognised SIGTERM listener is installed.* Call enableGracefulShutdown\(app\)/,
    );
    const response = fetch(`${String(url)}/slow?ms=300`);
    await program.event('request');

    program.signal('SIGTERM');

    expect(await (await response).json()).toEqual({ open: true });
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(hooksOf(program)).toHaveLength(3);
    expect(await program.event('report')).toMatchObject({ report: { reason: { kind: 'close' } } });
  });

  it('drains for the reason close, after one warning, where it cannot be seen that Nest listens', async () => {
    await using program = startApplication({ line: 'hooks', faults: ['listeners-wrapped'] }, { nest });
    await program.event('listening');
    await program.printed(/An unrecognised SIGTERM listener is installed/);

    program.signal('SIGTERM');
    const { code, signal, output } = await program.exited;

    // Nest's own way to end: it sends itself the signal again.
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' });
    expect(output.match(/WARN/g)).toHaveLength(1);
    expect(hooksOf(program)).toHaveLength(3);
    expect(await program.event('report')).toMatchObject({ report: { reason: { kind: 'close' } } });
  });
});

describe('without a line in main.ts', () => {
  it('says at listen what is missing, and what to write', async () => {
    await using program = startApplication({ line: 'neither' });
    await program.event('listening');

    await program.printed(/No signal shuts this application down.*\n/);

    expect(program.output).toContain(
      'No signal shuts this application down: SIGTERM loses everything in flight. ' +
        'Call enableGracefulShutdown(app) in main.ts, before app.listen().',
    );
    program.signal('SIGTERM');
    expect(await program.exited).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it.each<[string, ApplicationPlan, Record<string, string>]>([
    ['under NODE_ENV=test', { line: 'neither' }, { NODE_ENV: 'test' }],
    ['when signals are owned but none is wanted', { line: 'enable', options: { signals: [] } }, {}],
    ['with app.enableShutdownHooks()', { line: 'hooks' }, {}],
  ])('says nothing %s', async (_when, plan, env) => {
    await using program = startApplication(plan, { env });
    await program.event('listening');

    program.signal('SIGIO');
    await program.event('closed');

    expect(program.output).not.toContain('WARN');
  });
});
