import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { hooksOf, startApplication } from '../support/process/application.js';
import type { AddressInfo } from 'node:net';

const STAGES_OF_INIT = ['onModuleInit', 'onApplicationBootstrap'] as const;
const EXITS = { SIGTERM: 143, SIGINT: 130 } as const;

describe.each([12, 11] as const)('a signal during the bootstrap on Nest %i', (nest) => {
  it.each([
    { kind: 'http', line: 'enable', signal: 'SIGTERM' },
    { kind: 'http', line: 'hooks', signal: 'SIGINT' },
    { kind: 'hybrid', line: 'both', signal: 'SIGTERM' },
    { kind: 'microservice', line: 'enable', signal: 'SIGINT' },
    { kind: 'microservice', line: 'hooks', signal: 'SIGTERM' },
  ] as const)(
    'ends the process before anything is initialised: $kind, "$line", $signal',
    async ({ kind, line, signal }) => {
      await using program = startApplication({ kind, line, stopAt: ['listen'] }, { nest });
      await program.event('stage');

      program.signal(signal);

      expect(await program.exited).toMatchObject({ code: EXITS[signal], signal: null });
      expect(hooksOf(program)).toEqual([]);
    },
  );

  it('keeps it from being initialised, however long the shutdown takes', async () => {
    await using program = startApplication({ stopAt: ['listen'], faults: ['drain-waits'] }, { nest });
    await program.event('stage');
    program.signal('SIGTERM');
    await program.event('draining');

    program.signal('SIGWINCH');
    program.signal('SIGURG');

    expect(await program.exited).toMatchObject({ code: 143, signal: null });
    expect(program.events.map(({ event }) => event)).not.toContain('failed');
    expect(hooksOf(program)).toEqual([]);
  });

  it('has it fail to initialise where exit: false lets it go on', async () => {
    const plan = { stopAt: ['listen'], options: { exit: false } } as const;
    await using program = startApplication(plan, { nest });
    await program.event('stage');
    program.signal('SIGTERM');
    await program.event('report');

    program.signal('SIGWINCH');

    expect(await program.event('failed')).toMatchObject({
      message:
        'ShutdownError: this application was shut down before it was initialised: create a new one to start it again',
    });
  });

  it.each(
    STAGES_OF_INIT.flatMap((stage) => [
      { stage, kind: 'http', line: 'enable', signal: 'SIGTERM' } as const,
      { stage, kind: 'http', line: 'hooks', signal: 'SIGINT' } as const,
      { stage, kind: 'microservice', line: 'both', signal: 'SIGTERM' } as const,
    ]),
  )(
    'lets it come to its end, then shuts down: in $stage, $kind, "$line", $signal',
    async ({ stage, kind, line, signal }) => {
      await using program = startApplication({ kind, line, stopAt: [stage] }, { nest });
      await program.event('stage');
      program.signal(signal);
      await program.event('phase', ({ phase }) => phase === 'announce');

      program.signal('SIGWINCH');

      expect(await program.exited).toMatchObject({ code: EXITS[signal], signal: null });
      expect(hooksOf(program)).toEqual([
        `beforeApplicationShutdown ${signal}`,
        'onModuleDestroy',
        `onApplicationShutdown ${signal}`,
      ]);
      expect(await program.event('hook', ({ hook }) => hook === 'onModuleDestroy')).toMatchObject({
        wasOpen: true,
      });
    },
  );

  it.each(['express', 'fastify'] as const)(
    'keeps it from listening: the next process has the port already, on %s',
    async (platform) => {
      await using next = createServer().listen(0, '127.0.0.1');
      await once(next, 'listening');
      const { port } = next.address() as AddressInfo;
      const plan = { platform, stopAt: ['onApplicationBootstrap'] as const };
      await using program = startApplication(plan, { nest, env: { PORT: String(port) } });
      await program.event('stage');
      program.signal('SIGTERM');
      await program.event('phase');

      program.signal('SIGWINCH');

      expect(await program.exited).toMatchObject({
        code: 143,
        output: expect.not.stringContaining('EADDRINUSE'),
      });
    },
  );

  it.each(['enable', 'hooks'] as const)(
    'that hangs is bounded by the deadline, and no hook is called: "%s"',
    async (line) => {
      const gracePeriodMs = 1_000;
      const plan = { line, options: { gracePeriodMs }, stopAt: ['onModuleInit'] as const };
      await using program = startApplication(plan, { nest });
      await program.event('stage');

      const signalledAt = performance.now();
      program.signal('SIGTERM');

      expect(await program.exited).toMatchObject({ code: 143, signal: null });
      // The promise is the grace period; the margin is for a busy machine to notice.
      expect(performance.now() - signalledAt).toBeLessThan(gracePeriodMs + 500);
      expect(hooksOf(program)).toEqual([]);
    },
  );

  it.each(['enable', 'hooks'] as const)('that hangs is named in the report: "%s"', async (line) => {
    const plan = { line, options: { gracePeriodMs: 1_000 }, stopAt: ['onModuleInit'] as const };
    await using program = startApplication(plan, { nest });
    await program.event('stage');

    program.signal('SIGTERM');

    const { report } = await program.event('report');
    expect(report).toMatchObject({
      status: 'failed',
      participants: expect.arrayContaining([
        expect.objectContaining({
          name: 'nest',
          phase: 'announce',
          outcome: 'failed',
          error: expect.stringMatching(
            /did not end within 500 ms.*: \w+\.onModuleInit \(running for \d+ ms\)/,
          ),
        }),
      ]),
    });
    expect(await program.exited).toMatchObject({ code: 143, signal: null });
  });

  it('that hangs ends when the signal is repeated', async () => {
    await using program = startApplication(
      { options: { gracePeriodMs: 60_000 }, stopAt: ['onModuleInit'], faults: ['clock-jumps'] },
      { nest },
    );
    await program.event('stage');
    program.signal('SIGTERM');
    await program.event('phase');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 143, signal: null });
    expect(hooksOf(program)).toEqual([]);
  });

  it.each(['http', 'microservice'] as const)(
    'that has failed is not waited for, and no hook is called: %s',
    async (kind) => {
      await using program = startApplication({ kind, faults: ['init-throws'] }, { nest });
      await program.event('failed');

      program.signal('SIGTERM');

      expect(await program.exited).toMatchObject({ code: 143, signal: null });
      expect(hooksOf(program)).toEqual([]);
      // Whoever waits for what does not come is abandoned.
      expect(await program.event('report')).toMatchObject({ report: { status: 'completed' } });
    },
  );

  it('that fails after the signal is not waited for any longer', async () => {
    const plan = { stopAt: ['onModuleInit'], faults: ['init-throws'] } as const;
    await using program = startApplication(plan, { nest });
    await program.event('stage');
    program.signal('SIGTERM');
    await program.event('phase');

    program.signal('SIGWINCH');

    expect(await program.exited).toMatchObject({ code: 143, signal: null });
    expect(hooksOf(program)).toEqual([]);
    expect(await program.event('report')).toMatchObject({ report: { status: 'completed' } });
  });

  it.each(['enable', 'hooks', 'neither'] as const)(
    'is not waited for by an explicit app.close(): "%s"',
    async (line) => {
      await using program = startApplication({ line, stopAt: ['onModuleInit'] }, { nest });
      await program.event('stage');

      program.signal('SIGIO');

      await program.event('closed');
      expect(await program.event('report')).toMatchObject({
        report: { status: 'completed', reason: { kind: 'close' } },
      });
    },
  );

  it.each([
    { kind: 'http', stage: 'create' },
    { kind: 'context', stage: 'create' },
    { kind: 'context', stage: 'onModuleInit' },
  ] as const)(
    'ends the process as the system has it until create resolves: $kind, $stage',
    async ({ kind, stage }) => {
      await using program = startApplication({ kind, stopAt: [stage] }, { nest });
      await program.event('stage');

      program.signal('SIGTERM');

      expect(await program.exited).toMatchObject({ code: null, signal: 'SIGTERM' });
    },
  );
});
