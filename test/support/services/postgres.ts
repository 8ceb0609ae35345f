import { dirname } from 'node:path';
import { requireTool } from '../../../scripts/find-tools.mjs';
import pg from 'pg';
import { freePort } from './server.js';
import { Service } from './service.js';

/** A PostgreSQL of one's own. */
export class Postgres extends Service {
  readonly url: string;
  // It would wait for its sessions to end.
  protected override readonly stopSignal = 'SIGINT';

  readonly #port: number;

  private constructor(port: number) {
    super();
    this.#port = port;
    this.url = `postgres://app@127.0.0.1:${port}/postgres`;
  }

  static async create(): Promise<Postgres> {
    const postgres = new Postgres(await freePort());
    const args = ['-D', 'data', '-U', 'app', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'];
    await postgres.server.run(`${dirname(requireTool('postgres'))}/initdb`, args);
    await postgres.start();
    return postgres;
  }

  async start(): Promise<void> {
    const settings = [
      `port=${this.#port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=.',
      'fsync=off',
      'shared_buffers=8MB',
    ];
    const args = ['-D', 'data', ...settings.flatMap((setting) => ['-c', setting])];
    await this.server.start(requireTool('postgres'), args, /database system is ready to accept connections/);
  }

  /** The sessions of clients, as the server sees them: their application names. */
  async sessions(): Promise<string[]> {
    const client = new pg.Client({ connectionString: this.url, application_name: 'the test' });
    await client.connect();
    const { rows } = await client.query<{ application_name: string }>(
      `select application_name from pg_stat_activity
       where backend_type = 'client backend' and pid <> pg_backend_pid() order by 1`,
    );
    await client.end();
    return rows.map(({ application_name: name }) => name);
  }
}
