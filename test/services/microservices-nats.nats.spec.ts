import { connect } from '@nats-io/transport-node';
import {
  answersItself,
  closesAtOnce,
  leavesTheRestAlone,
  losesNothing,
  survivesItsBroker,
} from './microservices.js';
import type { NatsServer } from '../support/services/nats.js';

losesNothing('nats');
answersItself('nats');
survivesItsBroker('nats');
closesAtOnce('nats', { gracefulShutdown: true });
leavesTheRestAlone('nats', async (broker) => {
  const client = await connect({ servers: (broker as NatsServer).url });
  return {
    publish: (topic, text) => {
      client.publish(topic, text);
      return client.flush();
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
});
