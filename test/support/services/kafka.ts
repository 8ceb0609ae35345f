import { requireTool } from '../../../scripts/find-tools.mjs';
import { Server } from './server.js';

/** Starts librdkafka's broker with its topics, says its address, and stays until it is killed. */
const BROKER = `
import signal, sys
from ctypes import *
rd = CDLL('librdkafka.so.1')
rd.rd_kafka_new.restype = rd.rd_kafka_conf_new.restype = rd.rd_kafka_mock_cluster_new.restype = c_void_p
rd.rd_kafka_mock_cluster_bootstraps.restype = c_char_p
error = create_string_buffer(512)
client = c_void_p(rd.rd_kafka_new(0, c_void_p(rd.rd_kafka_conf_new()), error, 512))
cluster = c_void_p(rd.rd_kafka_mock_cluster_new(client, 1))
for topic in sys.argv[1:]:
    rd.rd_kafka_mock_topic_create(cluster, topic.encode(), 4, 1)
print('ready at', rd.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
signal.pause()
`;

/** A Kafka broker of one's own: the one that librdkafka has for tests, which speaks the protocol and forgets everything. */
export class KafkaBroker implements AsyncDisposable {
  readonly address: string;

  readonly #server: Server;

  private constructor(server: Server, address: string) {
    this.#server = server;
    this.address = address;
  }

  /** @param topics the topics that it has, with four partitions each */
  static async create(topics: readonly string[] = ['orders']): Promise<KafkaBroker> {
    const server = new Server();
    const [, address = ''] = await server.start(
      requireTool('kafka'),
      ['-c', BROKER, ...topics],
      /ready at (\S+)/,
    );
    return new KafkaBroker(server, address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
