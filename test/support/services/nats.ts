import { requireTool } from '../../../scripts/find-tools.mjs';
import { freePort } from './server.js';
import { Service } from './service.js';

/** A NATS of one's own. */
export class NatsServer extends Service {
  readonly url: string;

  readonly #port: number;

  private constructor(port: number) {
    super();
    this.#port = port;
    this.url = `nats://127.0.0.1:${port}`;
  }

  static async create(): Promise<NatsServer> {
    const nats = new NatsServer(await freePort());
    await nats.start();
    return nats;
  }

  async start(): Promise<void> {
    await this.server.start(
      requireTool('nats'),
      ['-a', '127.0.0.1', '-p', String(this.#port)],
      /Server is ready/,
    );
  }
}
