import { writeFileSync } from 'node:fs';
import { requireTool } from '../../../scripts/find-tools.mjs';
import { freePort } from './server.js';
import { Service } from './service.js';

/** A Mosquitto, a broker of MQTT, of one's own. */
export class MosquittoServer extends Service {
  readonly url: string;

  private constructor(port: number) {
    super();
    this.url = `mqtt://127.0.0.1:${port}`;
    writeFileSync(`${this.server.folder}/conf`, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  }

  static async create(): Promise<MosquittoServer> {
    const mosquitto = new MosquittoServer(await freePort());
    await mosquitto.start();
    return mosquitto;
  }

  async start(): Promise<void> {
    await this.server.start(requireTool('mosquitto'), ['-c', 'conf'], /mosquitto version \S+ running/);
  }
}
