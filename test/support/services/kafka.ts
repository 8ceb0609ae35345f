import { requireTool } from '../../../scripts/find-tools.mjs';
import { Service } from './service.js';

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

/**
 * What consumers of kafkajs need where several share a group. The mock cluster keeps a fetch for all of its waiting time, and the
 * heartbeats behind it; and a rebalance lasts as long as the session may be silent.
 */
export const FOR_MOCK_CLUSTER = { maxWaitTimeInMs: 100, sessionTimeout: 3_000, heartbeatInterval: 300 };

/** A Kafka broker of one's own: the one that librdkafka has for tests, which speaks the protocol and forgets everything. */
export class KafkaBroker extends Service {
  address = '';

  readonly #topics: readonly string[];

  private constructor(topics: readonly string[]) {
    super();
    this.#topics = topics;
  }

  /** @param topics the topics that it has, with four partitions each */
  static async create(topics: readonly string[] = ['orders']): Promise<KafkaBroker> {
    const kafka = new KafkaBroker(topics);
    await kafka.start();
    return kafka;
  }

  /** It chooses another port each time. */
  async start(): Promise<void> {
    const args = ['-c', BROKER, ...this.#topics];
    [, this.address = ''] = await this.server.start(requireTool('kafka'), args, /ready at (\S+)/);
  }
}
