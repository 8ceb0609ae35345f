import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { AS_PID_1, requireTool } from '../../scripts/find-tools.mjs';
import { hooksOf, startApplication } from '../support/process/application.js';
import { signalPid1 } from '../support/process/pid-namespace.js';

beforeAll(() => void requireTool('unshare'));

describe.each([12, 11] as const)('as PID 1 on Nest %i', (nest) => {
  it.each([
    { line: 'enable', kind: 'http', faults: [] },
    { line: 'enable', kind: 'http', faults: ['handle-left'] },
    { line: 'hooks', kind: 'http', faults: ['handle-left'] },
    { line: 'hooks', kind: 'context', faults: ['handle-left', 'bystander'] },
  ] as const)(
    'SIGTERM ends the process with exit code 0: "$line", $kind, $faults',
    async ({ line, kind, faults }) => {
      await using program = startApplication({ line, kind, faults }, { nest, under: AS_PID_1 });
      expect(await program.event('listening')).toMatchObject({ pid: 1 });

      signalPid1(program, 'SIGTERM');

      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(hooksOf(program)).toHaveLength(3);
    },
  );

  it.each(['enable', 'hooks'] as const)('a second SIGINT forces, with 130: "%s"', async (line) => {
    const plan = { line, faults: ['drain-waits'] as const };
    await using program = startApplication(plan, { nest, under: AS_PID_1 });
    await program.event('listening');
    signalPid1(program, 'SIGINT');
    await program.event('draining');

    // Counted from the first one, a later one is another key press.
    await delay(250);
    signalPid1(program, 'SIGINT');

    expect(await program.exited).toMatchObject({ code: 130, signal: null });
  });
});

describe('as PID 1, during the bootstrap', () => {
  it('SIGTERM is lost until create resolves: the system drops it', async () => {
    await using program = startApplication({ stopAt: ['create'] }, { under: AS_PID_1 });
    await program.event('stage');

    signalPid1(program, 'SIGTERM');
    signalPid1(program, 'SIGWINCH');

    expect(await program.event('listening')).toMatchObject({ pid: 1 });
  });

  it.each([
    { kind: 'http', stage: 'create' },
    { kind: 'context', stage: 'onModuleInit' },
    { kind: 'http', stage: 'listen' },
  ] as const)(
    'SIGTERM ends the process with 143 where nestjs-drain/early comes first: $kind, $stage',
    async ({ kind, stage }) => {
      await using program = startApplication(
        { kind, stopAt: [stage] },
        { program: 'fixtures/early-main', under: AS_PID_1 },
      );
      await program.event('stage');

      signalPid1(program, 'SIGTERM');

      expect(await program.exited).toMatchObject({ code: 143, signal: null });
      expect(hooksOf(program)).toEqual([]);
    },
  );
});
