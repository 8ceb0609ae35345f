import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import { parse } from 'yaml';
import { codeBlocks } from './markdown.js';
import type { INestApplication } from '@nestjs/common';
import type { ChildProcess } from 'node:child_process';
import type { AddressInfo } from 'node:net';

const KEY = 'a-key-that-is-long-enough';

interface Hook {
  readonly lifecycle?: { readonly preStop?: { readonly exec?: { readonly command: readonly string[] } } };
}

/** The hook of docs/kubernetes.md that starts a drain: node, its arguments, and the wait that stands for its work. */
function commandOfGuide(): { readonly command: string; readonly args: readonly string[] } {
  const hooks = codeBlocks('docs/kubernetes.md', 'yaml').map(({ code }) => parse(code) as Hook);
  const [command, ...args] = hooks.flatMap(({ lifecycle }) => lifecycle?.preStop?.exec?.command ?? []);
  return { command: command!, args };
}

describe('the preStop command of docs/kubernetes.md', () => {
  @Module({ imports: [GracefulShutdownModule.forRoot({ drainAuthKey: KEY })] })
  class AppModule {}

  let app: INestApplication;
  let coordinator: ShutdownCoordinator;
  let children: ChildProcess[] = [];

  beforeEach(async () => {
    app = await NestFactory.create(AppModule, { logger: false });
    coordinator = app.get(ShutdownCoordinator);
    await app.listen(0, '127.0.0.1');
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children = [];
    await app.close();
  });

  function run(args: readonly string[], key: string): ChildProcess {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const env = { PATH: process.env['PATH'], PORT: String(port), DRAIN_AUTH_KEY: key };
    const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
    children.push(child);
    return child;
  }

  it('takes the application out of service, and goes on for as long as it says', async () => {
    const { command, args } = commandOfGuide();
    expect(command).toBe('node');
    const drained = new Promise((resolve) =>
      coordinator.observe(({ type }) => type === 'announced' && resolve(type)),
    );
    const hook = run(args, KEY);
    await drained;
    expect(coordinator.phase).toBe('announce');
    expect((await fetch(`${await app.getUrl()}/readyz`)).status).toBe(503);
    expect(hook.exitCode).toBeNull();
  });

  it('succeeds when its wait is over', async () => {
    const args = commandOfGuide().args.map((arg) => arg.replace('5_000', '0'));
    expect(args).not.toEqual(commandOfGuide().args);
    const [code] = await once(run(args, KEY), 'exit');
    expect(code).toBe(0);
    expect(coordinator.phase).toBe('announce');
  });

  it('fails, at once, when it was refused', async () => {
    const [code] = await once(run(commandOfGuide().args, 'another-key-of-some-length'), 'exit');
    expect(code).toBe(1);
    expect(coordinator.isShuttingDown).toBe(false);
  });
});
