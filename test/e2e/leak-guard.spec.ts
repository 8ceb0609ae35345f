import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expectNothingLeftBehind, guardAgainstLeaks, rememberWhatIsThere } from '../support/leak-guard.js';

@Module({})
class AppModule {}

describe('the leak guard', () => {
  const known = () => undefined;
  beforeAll(() => void process.on('SIGUSR2', known));
  afterAll(() => void process.off('SIGUSR2', known));
  guardAgainstLeaks();

  it('is content with an application that served a request and was closed', async () => {
    const app = await NestFactory.create(AppModule, { logger: false });
    app.enableShutdownHooks(['SIGTERM']);
    await app.listen(0, '127.0.0.1');
    await fetch(await app.getUrl());

    await app.close();

    await expectNothingLeftBehind();
  });

  it.each([
    [
      'a listener for a signal',
      'listener for SIGTERM added',
      () => {
        const listener = () => undefined;
        process.on('SIGTERM', listener);
        return () => process.off('SIGTERM', listener);
      },
    ],
    [
      'one more of the same listener',
      'listener for SIGUSR2 added',
      () => {
        process.on('SIGUSR2', known);
        return () => process.off('SIGUSR2', known);
      },
    ],
    [
      'a listener that was taken away',
      'listener for SIGUSR2 removed',
      () => {
        process.off('SIGUSR2', known);
        return () => process.on('SIGUSR2', known);
      },
    ],
    [
      'a timer',
      'still active: Timeout',
      () => {
        const timer = setTimeout(() => undefined, 60_000);
        return () => clearTimeout(timer);
      },
    ],
    [
      'an open server',
      'still active: TCPServerWrap',
      () => {
        const server = http.createServer().listen(0);
        return () => server.close();
      },
    ],
    [
      'a wrapped method',
      'http.Server.prototype.close changed',
      () => {
        const original = Object.getOwnPropertyDescriptor(
          http.Server.prototype,
          'close',
        ) as PropertyDescriptor;
        http.Server.prototype.close = function close() {
          return this;
        };
        return () => Object.defineProperty(http.Server.prototype, 'close', original);
      },
    ],
    [
      'a method that hides an inherited one',
      'process.on changed',
      () => {
        Object.defineProperty(process, 'on', { value: () => process, configurable: true });
        return () => Reflect.deleteProperty(process, 'on');
      },
    ],
  ])('notices %s', async (_what, complaint, leave) => {
    rememberWhatIsThere();
    const tidyUp = leave();
    try {
      await expect(expectNothingLeftBehind(50)).rejects.toThrow(complaint);
    } finally {
      tidyUp();
    }
  });

  it('waits for what is about to go', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));

    socket.destroy();
    server.close();

    await expectNothingLeftBehind();
  });
});
