import { createRequire } from 'node:module';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { KafkaTransport, type KafkaServer } from '../../../src/microservices/kafka-transport.js';

interface TopicPartitions {
  topic: string;
  partitions?: number[];
}

/** What kafkajs keeps of the pauses of a consumer. */
interface SubscriptionState {
  assign(topics: TopicPartitions[]): void;
  pause(topics: TopicPartitions[]): void;
  resume(topics: TopicPartitions[]): void;
  paused(): TopicPartitions[];
  isPaused(topic: string, partition: number): boolean;
}

const State = createRequire(import.meta.url)('kafkajs/src/consumer/subscriptionState.js') as {
  new (): SubscriptionState;
};

let state: SubscriptionState;
let transport: KafkaTransport;
let assign: (...partitions: number[]) => void;

beforeEach(() => {
  state = new State();
  let onJoined: (event: object) => void = () => {};
  const consumer = {
    events: { GROUP_JOIN: 'join' },
    on(_: string, listener: typeof onJoined) {
      onJoined = listener;
      return () => {};
    },
    paused: () => state.paused(),
    pause: (topics: TopicPartitions[]) => state.pause(topics),
    resume: (topics: TopicPartitions[]) => state.resume(topics),
  };
  const server = { bindEvents: () => undefined, getMessageHandler: () => undefined };
  transport = new KafkaTransport(server as unknown as KafkaServer, (message) => message);
  transport.watch();
  (server as unknown as { bindEvents(bound: object): void }).bindEvents(consumer);
  assign = (...partitions) => {
    state.assign([{ topic: 'orders', partitions: [...partitions] }]);
    onJoined({ payload: { memberAssignment: { orders: partitions } } });
  };
});

const pausedOf = (...partitions: number[]): number[] =>
  partitions.filter((partition) => state.isPaused('orders', partition));

describe('the pauses of an announcement that is undone', () => {
  it('end for a partition that went away and comes back', async () => {
    assign(0, 1);
    await transport.stopIntake();
    assign(0);
    await transport.startIntake();
    assign(0, 1);
    expect(pausedOf(0, 1)).toEqual([]);
  });

  it('end for a partition that came in the middle of it', async () => {
    assign(0);
    await transport.stopIntake();
    assign(0, 1);
    expect(pausedOf(0, 1)).toEqual([0, 1]);
    await transport.startIntake();
    expect(pausedOf(0, 1)).toEqual([]);
  });

  it.each([
    ['a partition', [1], [1]],
    ['a whole topic', undefined, [0, 1]],
  ])('leave the pause of %s to the application', async (_, partitions, expected) => {
    assign(0, 1);
    state.pause([{ topic: 'orders', ...(partitions && { partitions }) }]);
    for (let round = 0; round < 2; round += 1) {
      await transport.stopIntake();
      expect(pausedOf(0, 1)).toEqual([0, 1]);
      assign(0, 1);
      await transport.startIntake();
      expect(pausedOf(0, 1)).toEqual(expected);
    }
    state.resume([{ topic: 'orders' }]);
    expect(pausedOf(0, 1)).toEqual([]);
  });

  it('pause every partition, though the application has paused the topic but for one', async () => {
    assign(0, 1);
    state.pause([{ topic: 'orders' }]);
    state.resume([{ topic: 'orders', partitions: [1] }]);
    await transport.stopIntake();
    expect(pausedOf(0, 1)).toEqual([0, 1]);
    await transport.startIntake();
    expect(pausedOf(0, 1)).toEqual([0]);
  });
});
