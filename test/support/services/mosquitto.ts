import { writeFileSync } from 'node:fs';
import { requireTool } from '../../../scripts/find-tools.mjs';
import { freePort, Server } from './server.js';

/** A Mosquitto, a broker of MQTT, of one's own. */
export class MosquittoServer implements AsyncDisposable {
  readonly url: string;

  readonly #server = new Server();

  private constructor(port: number) {
    this.url = `mqtt://127.0.0.1:${port}`;
    writeFileSync(`${this.#server.folder}/conf`, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  }

  static async create(): Promise<MosquittoServer> {
    const mosquitto = new MosquittoServer(await freePort());
    await mosquitto.start();
    return mosquitto;
  }

  async start(): Promise<void> {
    await this.#server.start(requireTool('mosquitto'), ['-c', 'conf'], /mosquitto version \S+ running/);
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
