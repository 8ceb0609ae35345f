import { fileURLToPath } from 'node:url';
import { readFileSync, writeFileSync } from 'node:fs';
import { requireTool } from '../../../scripts/find-tools.mjs';
import { Server } from './server.js';

/** The mock cluster of librdkafka, which kafkajs takes for a Kafka: no package of npm or Debian has a real one. */
export class KafkaMock implements AsyncDisposable {
  broker = '';

  readonly #server = new Server();

  /** @param topics those that it has, with four partitions each */
  static async create(topics: readonly string[]): Promise<KafkaMock> {
    const kafka = new KafkaMock();
    const server = kafka.#server;
    // The compiler runs as a user who may not read the repository.
    const source = fileURLToPath(new URL('kafka-mock.c', import.meta.url)).replace('dist-test', 'test');
    writeFileSync(`${server.folder}/kafka-mock.c`, readFileSync(source));
    await server.run(requireTool('kafka'), ['kafka-mock.c', '-o', 'kafka-mock', '-lrdkafka']);
    const ready = await server.start('./kafka-mock', topics, /ready at (\S+)/);
    kafka.broker = ready[1] ?? '';
    return kafka;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
