import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { Redis as Valkey } from 'iovalkey';
import { createClient } from 'redis';
import { createClient as createClient4 } from 'redis-4';
import { createClient as createClient5 } from 'redis-5';
import { DISCONNECTED } from '../../src/resources/close-redis.js';
import { recognise } from '../../src/resources/known-clients.js';
import { RedisServer } from '../support/services/redis.js';
import { until } from '../support/services/until.js';

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.create();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Client {
  readonly object: object;
  /** Sends a command, with its arguments. */
  send(...command: string[]): Promise<unknown>;
  /** Whether its connection stays until the process ends. */
  readonly isLeft?: boolean;
}

const CLIENTS: Readonly<Record<string, () => Promise<Client>>> = {
  async ioredis() {
    const redis = new Redis(server.url, { connectionName: 'ours', maxRetriesPerRequest: null });
    await redis.ping();
    return { object: redis, send: (name = '', ...args) => redis.call(name, ...args) };
  },
  async redis() {
    const client = createClient({ url: server.url, name: 'ours' });
    await client.connect();
    return { object: client, send: (...command) => client.sendCommand(command) };
  },
  async 'redis 5'() {
    const client = createClient5({ url: server.url, name: 'ours' });
    await client.connect();
    return { object: client, send: (...command) => client.sendCommand(command), isLeft: true };
  },
  async 'redis 4'() {
    const client = createClient4({ url: server.url, name: 'ours' });
    await client.connect();
    return { object: client, send: (...command) => client.sendCommand(command), isLeft: true };
  },
  async iovalkey() {
    const valkey = new Valkey(server.url, { connectionName: 'ours', maxRetriesPerRequest: null });
    await valkey.ping();
    return { object: valkey, send: (name = '', ...args) => valkey.call(name, ...args) };
  },
};

/** Waits until this process has so many connections to a port. */
async function connectionsTo(port: number, count: number): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const established = new RegExp(`^ *\\d+: \\S+ 0100007F:${hex} 01 `);
  await until(
    async () =>
      readFileSync('/proc/self/net/tcp', 'utf8')
        .split('\n')
        .filter((line) => established.test(line)),
    ({ length }) => length === count,
  );
}

function close({ object }: Client): unknown {
  return recognise(object)?.close(object);
}

describe.each(Object.entries(CLIENTS))('a client of %s', (_name, create) => {
  it.each([['BRPOP jobs 0'], ['XREAD BLOCK 0 STREAMS news $'], ['BLPOP jobs 3600']])(
    'is disconnected where %s is in the way, which is rejected',
    async (command) => {
      const client = await create();
      const blocked = client.send(...command.split(' ')).then(
        () => 'answered',
        () => 'rejected',
      );
      await server.seen((clients) => clients.some(({ name, flags }) => name === 'ours' && flags === 'b'));
      expect(await close(client)).toBe(DISCONNECTED);
      expect(await blocked).toBe('rejected');
      if (client.isLeft) await server.kill('ours');
      await server.seen((clients) => clients.every(({ name }) => name !== 'ours'));
    },
  );

  it('is closed when everything that it has sent is answered, however much that is', async () => {
    const client = await create();
    const value = 'x'.repeat(20_000);
    const answers = Array.from({ length: 5_000 }, () => client.send('ECHO', value));
    expect(await close(client)).not.toBe(DISCONNECTED);
    expect(await Promise.all(answers)).toHaveLength(5_000);
  });

  it('is closed when a slow command has been answered, for which everybody waits', async () => {
    const client = await create();
    const slow = client.send('EVAL', 'local n = 0; for i = 1, 60000000 do n = n + i end; return "done"', '0');
    expect(await close(client)).not.toBe(DISCONNECTED);
    expect(await slow).toBe('done');
  });

  it('is waited for where the server hangs', async () => {
    const client = await create();
    await connectionsTo(server.port, 1);
    server.freeze();
    const answer = client.send('ECHO', 'late');
    const closing = Promise.resolve(close(client));
    // The server has been asked on another connection, and does not answer there either.
    await connectionsTo(server.port, 2);
    server.thaw();
    expect(await closing).not.toBe(DISCONNECTED);
    expect(await answer).toBe('late');
  });
});
