import { expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { startServer } from '../support/microservices/restarts.js';
import { TRANSPORTS } from '../support/microservices/transports.js';
import { CLEAN, terminate } from '../support/services/workers.js';
import { answersItself, leavesTheRestAlone, losesNothing, survivesItsBroker } from './microservices.js';
import type { NatsServer } from '../support/services/nats.js';

losesNothing('nats');
answersItself('nats');
survivesItsBroker('nats');
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

it.each([12, 11] as const)('gracefulShutdown of NATS costs no time, on Nest %i', async (nest) => {
  await using meeting = await TRANSPORTS.nats();
  const { plan } = await meeting.server();
  const options = { ...plan.options, gracefulShutdown: true };
  const { program } = await startServer(meeting, { isHybrid: false, isBare: false, nest }, { options });
  await using _ = program;

  const end = await terminate(program);
  expect(end).toMatchObject(CLEAN);
  expect(end.output).not.toContain('closing took longer');
});
