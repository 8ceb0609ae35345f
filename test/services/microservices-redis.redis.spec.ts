import { Redis } from 'ioredis';
import { answersItself, leavesTheRestAlone, losesNothing, survivesItsBroker } from './microservices.js';
import type { RedisServer } from '../support/services/redis.js';

losesNothing('redis');
answersItself('redis');
survivesItsBroker('redis');
leavesTheRestAlone('redis', (broker) => {
  const client = new Redis((broker as RedisServer).port);
  return Promise.resolve({
    publish: (topic, text) => client.publish(topic, text),
    [Symbol.asyncDispose]: async () => void (await client.quit()),
  });
});
