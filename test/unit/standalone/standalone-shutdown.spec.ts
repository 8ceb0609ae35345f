import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Writable } from 'node:stream';
import winston from 'winston';
import { deferred } from '../../../src/util/deferred.js';
import { createShutdown } from '../../../src/standalone/create-shutdown.js';
import { someTurns } from '../../support/http/eventually.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import type { AddressInfo } from 'node:net';
import type { StandaloneOptions } from '../../../src/standalone/standalone-options.js';

guardAgainstLeaks();

const silent = { log() {}, warn() {}, error() {} };

describe('a loop', () => {
  it('has one turn at a time, also when a turn outlasts a drain that is undone', async () => {
    await using shutdown = createShutdown({ logger: silent });
    const turns = [deferred<void>(), deferred<void>()] as const;
    let begun = 0;
    shutdown.loop('poller', () => turns[begun++]?.promise);

    shutdown.coordinator.announce();
    await shutdown.coordinator.resume();
    await someTurns();
    expect(begun).toBe(1);
    turns[0].resolve();
    await shutdown.sleep(20);
    expect(begun).toBe(2);
    turns[1].resolve();
  });

  it('goes on when a drain is undone that has ended it', async () => {
    await using shutdown = createShutdown({ logger: silent });
    let next = deferred<void>();
    shutdown.loop('poller', () => next.resolve());
    shutdown.coordinator.announce();
    await someTurns();

    next = deferred();
    await shutdown.coordinator.resume();

    await expect(next.promise).resolves.toBeUndefined();
  });
});

describe('a logger in no known form', () => {
  it('is an error that says what it lacks and what can be passed', () => {
    const logger = { info() {}, warn() {}, error() {} } as unknown as StandaloneOptions['logger'];

    expect(() => createShutdown({ logger })).toThrow(
      /^logger has no log\(\): pass a logger of pino or winston, console, or an object with log\(\), warn\(\) and error\(\)$/,
    );
  });
});

describe('the module winston as a logger', () => {
  it('is an error that says what can be passed, which is taken', async () => {
    expect(() => createShutdown({ logger: winston })).toThrow(
      /^logger is the module winston: pass a logger of winston\.createLogger\(\), or winston\.child\(\{\}\) for its default logger$/,
    );
    const lines: unknown[] = [];
    const stream = new Writable({ write: (line, _encoding, done) => done(void lines.push(String(line))) });
    winston.configure({ transports: [new winston.transports.Stream({ stream })] });

    const shutdown = createShutdown({ logger: winston.child({}) });
    await shutdown.shutdown('done');

    expect(lines).toContainEqual(expect.stringContaining('"message":"shutdown completed'));
    winston.configure({ transports: [] });
  });
});

describe('a logger that throws', () => {
  it('ends no loop, and keeps no task from settling', async () => {
    const fail = (): never => {
      throw new Error('the disk is full');
    };
    const shutdown = createShutdown({ logger: { log: fail, warn: fail, error: fail } });
    const second = deferred<void>();
    let turns = 0;
    shutdown.loop('poller', () => {
      turns += 1;
      if (turns === 2) second.resolve();
      throw new Error('nothing to poll');
    });
    await shutdown.listen();

    await expect(
      shutdown.tasks.run('mail', () => {
        throw new Error('no server');
      }),
    ).rejects.toThrow('no server');
    await second.promise;

    expect(await shutdown.shutdown()).toMatchObject({ status: 'completed' });
    await shutdown[Symbol.asyncDispose]();
  });
});

function expectLines(lines: readonly string[]): void {
  expect(lines.slice(0, -2)).toEqual([
    expect.stringMatching(/^resource store .* must be closed after stoer/),
    expect.stringMatching(
      /^graceful shutdown on SIGTERM, SIGINT.*; within 8000 ms; .*; routes also at http:\S+; .* forceAfterTimeout is false: /,
    ),
  ]);
}

describe('listen()', () => {
  it('refuses when the shutdown is over, and leaves signals to do what they do', async () => {
    const shutdown = createShutdown({ logger: silent });
    await shutdown[Symbol.asyncDispose]();

    await expect(shutdown.listen()).rejects.toThrow('create a new one with createShutdown()');
  });

  const listensTwice = async (
    options: StandaloneOptions,
    between: (first: Promise<void>) => Promise<unknown>,
  ): Promise<readonly string[]> => {
    const lines: string[] = [];
    const note = (line: unknown): void => void lines.push(String(line));
    const resource = { close: () => {} };
    await using shutdown = createShutdown({ ...options, logger: { log: note, warn: note, error: note } });
    shutdown.resources.register('store', resource, { after: ['stoer'] });
    const first = shutdown.listen();
    await between(first);
    const second = shutdown.listen();
    await second;
    expect(process.listenerCount('SIGTERM')).toBe(1);
    return lines;
  };

  it('is the same twice as once: one port, and one line at boot', async () => {
    const lines = await listensTwice({ management: { port: 0 }, forceAfterTimeout: false }, (first) => first);
    expectLines(lines);
  });

  it('is one call where the first has not come to its end', async () => {
    await using shutdown = createShutdown({ logger: silent, management: { port: 0 } });
    const first = shutdown.listen();
    expect(shutdown.listen()).toBe(first);
    await first;
    expect(shutdown.listen()).toBe(first);
  });

  it('opens the port anew after a failure, with one line at boot', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const options = { management: { port }, forceAfterTimeout: false };
    const lines = await listensTwice(options, async (first) => {
      await expect(first).rejects.toMatchObject({ code: 'SHUTDOWN_SETUP_INVALID' });
      await new Promise((resolve) => other.close(resolve));
    });
    expectLines(lines);
  });
});
