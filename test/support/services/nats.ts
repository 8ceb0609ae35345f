import { requireTool } from '../../../scripts/find-tools.mjs';
import { freePort, Server } from './server.js';

/** A NATS of one's own. */
export class NatsServer implements AsyncDisposable {
  readonly url: string;

  readonly #port: number;
  readonly #server = new Server();

  private constructor(port: number) {
    this.#port = port;
    this.url = `nats://127.0.0.1:${port}`;
  }

  static async create(): Promise<NatsServer> {
    const nats = new NatsServer(await freePort());
    await nats.start();
    return nats;
  }

  async start(): Promise<void> {
    await this.#server.start(
      requireTool('nats'),
      ['-a', '127.0.0.1', '-p', String(this.#port)],
      /Server is ready/,
    );
  }

  async stop(): Promise<void> {
    await this.#server.stop('SIGTERM');
  }

  /** Stops answering, with every connection open. */
  freeze(): void {
    this.#server.freeze();
  }

  thaw(): void {
    this.#server.thaw();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
