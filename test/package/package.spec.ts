import { beforeAll, describe, expect, it } from '@jest/globals';
import { Program } from '../support/process/program.js';
import { installInto, pack, run } from './consumer.js';

const INSTALLATION_MS = 300_000;
const COMMAND_MS = 120_000;

let tarball: string;

beforeAll(async () => {
  tarball = await pack();
}, INSTALLATION_MS);

describe.each(['nest-12-esm', 'nest-11-cjs'])('the package, installed into the consumer %s', (consumer) => {
  let folder: string;

  beforeAll(async () => {
    folder = await installInto(consumer, tarball);
  }, INSTALLATION_MS);

  it('brings no second copy of Nest', async () => {
    const installed = await run(
      folder,
      'npm',
      'ls',
      '--all',
      '--parseable',
      '@nestjs/common',
      '@nestjs/core',
      'rxjs',
    );

    expect(installed.match(/^.*node_modules.(@nestjs.common|@nestjs.core|rxjs)$/gm)).toHaveLength(3);
  });

  it(
    'satisfies the compiler, declarations included, drains on SIGTERM and exits 0, and exists once',
    async () => {
      await run(folder, 'npm', 'run', 'build');
      await using program = new Program(consumer, process.execPath, ['dist/src/main.js'], {
        cwd: folder,
        env: { PATH: process.env['PATH'] },
      });

      const { url, isSingleCopy } = await program.event('listening');
      const slow = fetch(`${String(url)}/slow`);
      await program.event('in-flight');
      program.signal('SIGTERM');

      const response = await slow;
      expect([response.status, await response.json()]).toEqual([200, { databaseIsOpen: true }]);
      expect(await program.exited).toMatchObject({ code: 0, signal: null });
      expect(isSingleCopy).toBe(true);
    },
    COMMAND_MS,
  );

  it('brings a program', async () => {
    await expect(
      run(folder, 'npx', '--no-install', 'nestjs-drain', 'report', 'package.json'),
    ).rejects.toThrow('package.json contains no shutdown report');
  });

  it(
    "works under the consumer's own Jest",
    async () => {
      expect(await run(folder, 'npm', 'test')).toMatch(/Tests: +1 passed, 1 total/);
    },
    COMMAND_MS,
  );
});
