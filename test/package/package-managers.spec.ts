import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Program, root } from '../support/process/program.js';
import { pack, run } from './consumer.js';
import { installCommand } from './template.js';

const INSTALLATION_MS = 300_000;
const NPM = ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund'] as const;
const PNPM = ['npx', '--yes', '--prefer-offline', 'pnpm@12'];
const YARN = ['npx', '--yes', '--prefer-offline', '--package=@yarnpkg/cli-dist@4', 'yarn'];

const WORKER = `
import { createServer } from 'node:http';
import { createShutdown } from 'nestjs-drain/standalone';

const shutdown = createShutdown();
shutdown.serve(createServer((_request, response) => response.end('hello')).listen(0));
await shutdown.listen();
console.log(JSON.stringify({ event: 'started' }));
`;

const APPLICATION = `
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-drain';

class AppModule {}
Module({ imports: [GracefulShutdownModule] })(AppModule);

const app = enableGracefulShutdown(await NestFactory.create(AppModule));
await app.listen(0, '127.0.0.1');
console.log(JSON.stringify({ event: 'started' }));
`;

let tarball: string;
const folders: string[] = [];

beforeAll(async () => {
  tarball = await pack();
}, INSTALLATION_MS);

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

function inCommonJs(source: string): string {
  return source.replace(/^import (.*) from (.*);$/gm, 'const $1 = require($2);');
}

async function project(
  dependencies: Record<string, string>,
  main: string,
  type: 'module' | 'commonjs' = 'module',
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-drain-install-'));
  folders.push(folder);
  const manifest = { name: 'orders', private: true, type, dependencies };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'main.js'), main);
  return folder;
}

async function expectCleanEnd(cwd: string, command: string, ...args: readonly string[]): Promise<void> {
  await using program = new Program('the project', command, [...args, 'main.js'], {
    cwd,
    env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' },
  });
  await program.event('started');
  program.signal('SIGTERM');
  const { code, signal, output } = await program.exited;
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(output).not.toMatch(/WARN|ERROR/);
}

const nestItself = (major: number): Record<string, string> => ({
  '@nestjs/common': `^${major}.0.0`,
  '@nestjs/core': `^${major}.0.0`,
  '@nestjs/platform-express': `^${major}.0.0`,
  'reflect-metadata': '^0.2.0',
  rxjs: '^7.0.0',
});

describe.each([12, 11] as const)('on Nest %i', (nest) => {
  const [, ...others] = installCommand(nest).replace('npm install ', '').split(' ');

  it(
    'pnpm installs what README.md says without a warning, strictly, and the application drains',
    async () => {
      const folder = await project(nestItself(nest), APPLICATION);
      const [npx = '', ...pnpm] = PNPM;

      const output = await run(folder, npx, ...pnpm, 'add', '--strict-peer-dependencies', tarball, ...others);

      // Nest 12 has a dependency that asks for a later Node than Nest does.
      expect(output.replace(/^.*Unsupported engine for file-type@.*$/m, '')).not.toMatch(/WARN|peer|ERR_/);
      await expectCleanEnd(folder, process.execPath);
    },
    INSTALLATION_MS,
  );

  it(
    "yarn's Plug'n'Play installs what README.md says without a warning, and the application drains",
    async () => {
      const folder = await project(nestItself(nest), APPLICATION);
      await writeFile(
        join(folder, '.yarnrc.yml'),
        'nodeLinker: pnp\nenableTelemetry: false\nnpmRegistryServer: https://registry.npmjs.org\n',
      );
      await writeFile(join(folder, 'yarn.lock'), '');
      const [npx = '', ...yarn] = YARN;

      const output = await run(folder, npx, ...yarn, 'add', `nestjs-drain@file:${tarball}`, ...others);

      expect(output).not.toMatch(/YN0002|YN0060|YN0086|doesn't provide/);
      await expectCleanEnd(
        folder,
        process.execPath,
        '--require',
        './.pnp.cjs',
        '--loader',
        './.pnp.loader.mjs',
      );
    },
    INSTALLATION_MS,
  );
});

it(
  'npm refuses a Nest that is too old, and Terminus of another Nest',
  async () => {
    const onNest10 = await project(nestItself(10), APPLICATION);
    await expect(run(onNest10, ...NPM, tarball)).rejects.toThrow(
      /ERESOLVE[^]*peerOptional @nestjs\/\w+@"\^11\.0\.0 \|\| \^12\.0\.0" from nestjs-drain/,
    );

    const onNest12 = await project(nestItself(12), APPLICATION);
    await expect(run(onNest12, ...NPM, tarball, '@nestjs/terminus@11')).rejects.toThrow('ERESOLVE');
  },
  INSTALLATION_MS,
);

it(
  'the newest Terminus and Config on Nest 11, which npm does not refuse, are named at boot',
  async () => {
    const folder = await project(nestItself(11), '', 'commonjs');
    await writeFile(join(folder, 'main.js'), `(async () => {${inCommonJs(APPLICATION)}})();`);

    await run(folder, ...NPM, tarball, '@nestjs/terminus@latest', '@nestjs/config@latest');

    await using program = new Program('the project', process.execPath, ['main.js'], {
      cwd: folder,
      env: { PATH: process.env['PATH'], NODE_ENV: 'production', NO_COLOR: '1' },
    });
    await program.event('started');
    expect(program.output).toMatch(
      /WARN \[GracefulShutdown\] @nestjs\/terminus 12\S+ and @nestjs\/config 12\S+ are for another major version of Nest than @nestjs\/core 11\S+: .* Run npm install @nestjs\/terminus@11 @nestjs\/config@4$/m,
    );
  },
  INSTALLATION_MS,
);

it(
  'a program without Nest gets nothing but the package, and its types need Node only',
  async () => {
    const folder = await project({}, WORKER);

    await run(folder, ...NPM, tarball);

    const installed = await run(folder, 'npm', 'ls', '--all', '--parseable');
    expect(installed.trim().split('\n').slice(1)).toEqual([join(folder, 'node_modules/nestjs-drain')]);
    await expectCleanEnd(folder, process.execPath);
    await writeFile(join(folder, 'worker.ts'), WORKER);
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false', '--noEmit'];
    const forNode = ['--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,esnext.disposable'];
    const types = ['--types', 'node', '--typeRoots', `${root}node_modules/@types`];
    await run(folder, `${root}node_modules/.bin/tsc`, ...strict, ...forNode, ...types, 'worker.ts');
  },
  INSTALLATION_MS,
);
