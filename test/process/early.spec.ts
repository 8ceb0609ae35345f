import { describe, expect, it } from '@jest/globals';
import { hooksOf, startApplication } from '../support/process/application.js';
import type { ApplicationPlan } from '../fixtures/plan.js';
import type { Program } from '../support/process/program.js';

function startEarly(plan: ApplicationPlan, nest: 11 | 12 = 12): Program {
  return startApplication(plan, { nest, program: 'fixtures/early-main' });
}

describe.each([12, 11] as const)('nestjs-drain/early on Nest %i', (nest) => {
  it.each([
    { kind: 'http', stage: 'create', signal: 'SIGTERM', code: 143 },
    { kind: 'context', stage: 'create', signal: 'SIGINT', code: 130 },
    { kind: 'context', stage: 'onModuleInit', signal: 'SIGTERM', code: 143 },
    { kind: 'context', stage: 'onApplicationBootstrap', signal: 'SIGINT', code: 130 },
  ] as const)(
    'ends the process at once until create resolves: $kind, $stage, $signal',
    async ({ kind, stage, signal, code }) => {
      await using program = startEarly({ kind, stopAt: [stage], faults: ['bystander'] }, nest);
      await program.event('stage');

      program.signal(signal);

      expect(await program.exited).toMatchObject({ code, signal: null });
      expect(hooksOf(program)).toEqual([]);
    },
  );

  it('leaves the signals to the application as soon as that listens to them', async () => {
    await using program = startEarly({ stopAt: ['onModuleInit'] }, nest);
    await program.event('stage');
    program.signal('SIGPWR');
    expect(await program.event('listeners')).toMatchObject({ SIGTERM: 1, SIGINT: 1 });

    program.signal('SIGTERM');
    await program.event('phase');
    program.signal('SIGWINCH');

    expect(await program.exited).toMatchObject({ code: 143, signal: null });
    expect(hooksOf(program)).toHaveLength(3);
  });

  it.each([
    // Nest's listener and its mirror image.
    { line: 'hooks', listeners: { SIGTERM: 2, SIGINT: 2 } },
    { line: 'enable', listeners: { SIGTERM: 1, SIGINT: 1 } },
    { line: 'foreign', listeners: { SIGTERM: 1, SIGINT: 0 } },
    { line: 'neither', listeners: { SIGTERM: 0, SIGINT: 0 } },
  ] as const)(
    'leaves nothing behind once the application has started: "$line"',
    async ({ line, listeners }) => {
      await using program = startEarly({ line }, nest);
      await program.event('listening');

      program.signal('SIGPWR');

      expect(await program.event('listeners')).toMatchObject(listeners);
    },
  );
});

describe('nestjs-drain/early', () => {
  it('does not end a process whose application is closed by a hand-written listener', async () => {
    await using program = startEarly({ line: 'foreign' });
    const { url } = await program.event('listening');
    const response = fetch(`${String(url)}/slow?ms=200`);
    await program.event('request');

    program.signal('SIGTERM');

    expect(await (await response).json()).toEqual({ open: true });
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
  });

  it('ends the process although an application has failed to start', async () => {
    await using program = startEarly({ kind: 'context', faults: ['init-throws', 'bystander'] });
    await program.event('failed');

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code: 143, signal: null });
  });

  it('leaves signals alone that are handled already, where it is imported too late', async () => {
    await using program = startApplication({}, { program: 'fixtures/early-too-late' });
    await program.event('imported');

    program.signal('SIGPWR');

    expect(await program.event('listeners')).toMatchObject({ SIGTERM: 1, SIGINT: 1 });
  });

  it.each([
    ['before', 'create', 143],
    ['after', undefined, 0],
  ] as const)('is the same in two copies, %s the application has started', async (_when, stage, code) => {
    await using program = startApplication(stage ? { stopAt: [stage] } : {}, {
      program: 'fixtures/early-in-two-copies',
    });
    await program.event(stage ? 'stage' : 'listening');
    program.signal('SIGPWR');
    expect(await program.event('listeners')).toMatchObject({ SIGTERM: 1, SIGINT: 1 });

    program.signal('SIGTERM');

    expect(await program.exited).toMatchObject({ code, signal: null });
  });
});
