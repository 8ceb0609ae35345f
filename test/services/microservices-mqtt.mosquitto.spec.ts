import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { startServer } from '../support/microservices/restarts.js';
import { TRANSPORTS, type Meeting } from '../support/microservices/transports.js';
import { CLEAN, terminate, toggle } from '../support/services/workers.js';
import { answersItself, losesNothing, survivesItsBroker } from './microservices.js';
import type { MosquittoServer } from '../support/services/mosquitto.js';
import type { Program } from '../support/process/program.js';

losesNothing('mqtt');
answersItself('mqtt');
survivesItsBroker('mqtt');

describe.each([12, 11] as const)('a microservice with a persistent session of MQTT, on Nest %i', (nest) => {
  let meeting: Meeting;
  let client: MqttClient;
  const started = new Set<Program>();

  beforeEach(async () => {
    meeting = await TRANSPORTS.mqtt();
    client = await connectAsync((meeting.broker as MosquittoServer).url);
    // Nest listens before the broker has confirmed its subscriptions; from here on the session has them.
    await terminate(await startOne());
  });

  afterEach(async () => {
    await client.endAsync(true);
    for (const program of started) await program[Symbol.asyncDispose]();
    started.clear();
    await meeting[Symbol.asyncDispose]();
  });

  async function startOne(announceDelayMs = 0): Promise<Program> {
    const { plan } = await meeting.server();
    const options = { ...plan.options, clean: false, clientId: 'orders' };
    const settings = { isHybrid: false, isBare: false, nest };
    const { program } = await startServer(meeting, settings, { options, eventPrefix: '', announceDelayMs });
    started.add(program);
    return program;
  }

  async function emit(count: number, name: string): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `${name} ${index}`);
    for (const id of ids) {
      const event = { pattern: 'note', data: { id, ms: 20 } };
      // The broker keeps only these for a session that is away.
      await client.publishAsync('note', JSON.stringify(event), { qos: 1 });
    }
    return ids;
  }

  it('leaves what comes after the announcement to the next one, and loses nothing', async () => {
    const first = await startOne(1_000);
    const before = await emit(10, 'before');
    await first.event('begun');
    const ending = terminate(first);
    const ids = [...before, ...(await emit(30, 'while it ends'))];
    expect(await ending).toMatchObject(CLEAN);
    ids.push(...(await emit(10, 'between')));

    const second = await startOne();
    const begun = new Set(first.events.filter(({ event }) => event === 'begun').map(({ id }) => id));
    for (const id of ids.filter((one) => !begun.has(one))) {
      await second.event('done', (event) => event['id'] === id);
    }
    for (const id of begun) expect(first.events).toContainEqual({ event: 'done', id });
    expect(await terminate(second)).toMatchObject(CLEAN);
  });

  it('receives again what came while an operator drained it', async () => {
    const program = await startOne();
    await toggle(program, 'draining', 1);
    const ids = await emit(10, 'meanwhile');
    await toggle(program, 'resumed', 1);
    for (const id of ids) await program.event('done', (event) => event['id'] === id);
    expect(await terminate(program)).toMatchObject(CLEAN);
  });
});
