import { describe, expect, it } from '@jest/globals';
import { tmpdir } from 'node:os';
import { realpathSync } from 'node:fs';
import { Program, start } from '../../support/process/program.js';

describe('a program under test', () => {
  it('gets the arguments, the environment, the options and the folder that it was given, and nothing else', async () => {
    const cwd = realpathSync(tmpdir());
    await using program = start('fixtures/talker', {
      args: ['one', 'two'],
      env: { COLOUR: 'blue' },
      execArgv: ['--no-warnings'],
      cwd,
    });

    const started = await program.event('started');

    expect(started).toMatchObject({
      args: ['one', 'two'],
      env: ['COLOUR', 'PATH'],
      execArgv: expect.arrayContaining(['--no-warnings']),
      cwd,
    });
  });

  it('imports the library by its name, as it was built', async () => {
    await using program = start('fixtures/talker');

    expect(await program.event('started')).toMatchObject({
      library: expect.stringMatching(/\/dist\/esm\/index\.js$/),
      coordinator: 'ShutdownCoordinator',
    });
  });

  it.each([
    [11, true],
    [12, false],
  ] as const)('runs on Nest %i when told so', async (nest, isNest11) => {
    await using program = start('fixtures/talker', { nest });

    const { nestStack } = await program.event('started');

    expect(nestStack).toContain('/node_modules/@nestjs/core/');
    expect(String(nestStack).includes('/test/nest-11/node_modules/@nestjs/core/')).toBe(isNest11);
  });

  it('finds an event that was printed before it was asked for, and the first of several that matches', async () => {
    await using program = start('fixtures/talker');
    await program.event('started');

    program.signal('SIGUSR2');
    const second = await program.event('count', ({ value }) => value === 2);
    const first = await program.event('count');

    expect([first['value'], second['value']]).toEqual([1, 2]);
  });

  it('reports the exit code and all of the output, what came after the exit included', async () => {
    await using program = start('fixtures/talker');
    await program.event('started');

    program.signal('SIGTERM');
    const { code, signal, output } = await program.exited;
    const [lastWords] = await program.printed(/last (\w+)/);

    expect({ code, signal }).toEqual({ code: 3, signal: null });
    expect(output).toMatch(/not an event\n[^]*last words\n$/);
    expect(lastWords).toBe('last words');
  });

  it('reports the signal that ended it', async () => {
    await using program = start('fixtures/talker');
    await program.event('started');

    program.signal('SIGKILL');

    expect(await program.exited).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it('rejects a wait, with the output, when it ends first, and every later one', async () => {
    await using program = start('fixtures/talker');
    const never = program.event('never');
    await program.event('started');

    program.signal('SIGTERM');

    await expect(never).rejects.toThrow(
      /fixtures\/talker ended with code 3 before the event never\n[^]*started/,
    );
    await expect(program.printed(/nowhere/)).rejects.toThrow(/had ended before output like/);
    expect(() => program.signal('SIGTERM')).toThrow(/is gone already: no SIGTERM sent/);
  });

  it('rejects when it cannot be started at all', async () => {
    await using program = new Program('nothing', '/nonexistent/program', [], { cwd: '/', env: {} });

    await expect(program.event('started')).rejects.toThrow(/nothing could not be started: .*ENOENT/);
    await expect(program.exited).rejects.toThrow('ENOENT');
  });

  it('is killed when the test lets go of it', async () => {
    const program = start('fixtures/talker');
    await program.event('started');

    await program[Symbol.asyncDispose]();

    expect(() => process.kill(program.pid ?? 0, 0)).toThrow('ESRCH');
  });
});
