import { requireTool } from '../../../scripts/find-tools.mjs';
import { Redis } from 'ioredis';
import { freePort } from './server.js';
import { Service } from './service.js';
import { until } from './until.js';

/** A Redis of one's own. */
export class RedisServer extends Service {
  readonly url: string;
  readonly port: number;

  private constructor(port: number) {
    super();
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  static async create(): Promise<RedisServer> {
    const redis = new RedisServer(await freePort());
    await redis.start();
    return redis;
  }

  async start(): Promise<void> {
    const args = [
      '--port',
      String(this.port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--maxmemory-policy',
      'noeviction',
    ];
    await this.server.start(requireTool('redis'), args, /Ready to accept connections/);
  }

  /** The sessions of clients, as the server sees them: their names. */
  async sessions(): Promise<string[]> {
    return (await this.#list())
      .map(({ name = '' }) => name)
      .filter(Boolean)
      .toSorted();
  }

  /** Resolves when the server's list of clients is as wanted. */
  async seen(wanted: (clients: readonly Readonly<Record<string, string>>[]) => boolean): Promise<void> {
    await until(() => this.#list(), wanted);
  }

  /** Ends the connections of clients with that name. */
  async kill(name: string): Promise<void> {
    const ids = (await this.#list()).filter((client) => client['name'] === name).map(({ id }) => String(id));
    const client = new Redis(this.url);
    for (const id of ids) await client.client('KILL', 'ID', id);
    await client.quit();
  }

  /** The lines of `CLIENT LIST`, each as its fields. */
  async #list(): Promise<Record<string, string>[]> {
    const client = new Redis(this.url);
    const list = String(await client.client('LIST'));
    await client.quit();
    return list
      .trim()
      .split('\n')
      .map((line) =>
        Object.fromEntries(line.split(' ').map((field) => field.split('=') as [string, string])),
      );
  }
}
