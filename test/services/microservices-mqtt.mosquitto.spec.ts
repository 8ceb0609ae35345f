import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { startServer } from '../support/microservices/restarts.js';
import { TRANSPORTS, type Meeting } from '../support/microservices/transports.js';
import { CLEAN, terminate, toggle } from '../support/services/workers.js';
import { answersItself, leavesTheRestAlone, losesNothing, survivesItsBroker } from './microservices.js';
import { MqttProxy } from '../support/services/mqtt-proxy.js';
import type { MosquittoServer } from '../support/services/mosquitto.js';
import type { Program } from '../support/process/program.js';

losesNothing('mqtt');
answersItself('mqtt');
survivesItsBroker('mqtt');
leavesTheRestAlone('mqtt', async (broker) => {
  const publisher = await connectAsync((broker as MosquittoServer).url);
  return {
    publish: (topic, text) => publisher.publishAsync(topic, text),
    [Symbol.asyncDispose]: () => publisher.endAsync(),
  };
});

describe.each([12, 11] as const)('a microservice on MQTT with QoS 2, on Nest %i', (nest) => {
  let meeting: Meeting;
  let proxy: MqttProxy;
  let client: MqttClient;
  let program: Program;

  beforeEach(async () => {
    meeting = await TRANSPORTS.mqtt();
    const { url } = meeting.broker as MosquittoServer;
    proxy = await MqttProxy.create(url);
    client = await connectAsync(url);
  });

  afterEach(async () => {
    await client.endAsync(true);
    await program[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await meeting[Symbol.asyncDispose]();
  });

  async function startOne(clean: boolean, gracePeriodMs: number): Promise<void> {
    const options = { url: proxy.url, subscribeOptions: { qos: 2 }, clean, clientId: 'orders' };
    const plan = { options, eventPrefix: '', announceDelayMs: 0, gracePeriodMs };
    ({ program } = await startServer(meeting, { isHybrid: false, isBare: false, nest }, plan));
    // Nest listens before the broker has confirmed its subscriptions.
    for (let count = 0; !program.events.some(({ event }) => event === 'done'); count += 1) {
      await emit(`early ${count}`);
    }
    await emit('before');
    await program.event('done', ({ id }) => id === 'before');
  }

  async function emit(id: string): Promise<void> {
    await client.publishAsync('note', JSON.stringify({ pattern: 'note', data: { id, ms: 20 } }), { qos: 2 });
  }

  /** Returns when the server has begun the handshakes of two messages, which takes some time. */
  async function beginTwo(pubrecDelayMs: number): Promise<void> {
    proxy.pubrecDelayMs = pubrecDelayMs;
    const begun = proxy.count('pubrec');
    for (const id of ['first', 'second']) await emit(id);
    await proxy.sent('pubrec', begun + 2);
  }

  it.each([true, false])('finishes handshakes and their messages, with clean: %s', async (clean) => {
    await startOne(clean, 8_000);
    await beginTwo(700);

    expect(await terminate(program)).toMatchObject(CLEAN);
    for (const id of ['first', 'second']) expect(program.events).toContainEqual({ event: 'done', id });
  });

  it.each([true, false])('names handshakes that do not end, with clean: %s', async (clean) => {
    await startOne(clean, 3_000);
    await beginTwo(Infinity);

    const cut = { kind: 'message', name: 'note' };
    expect(await terminate(program)).toMatchObject({ code: 1, cuts: [cut, cut] });
  });
});

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

  async function startOne(announceDelayMs = 0, moreOptions: object = {}): Promise<Program> {
    const { plan } = await meeting.server();
    const options = { ...plan.options, clean: false, clientId: 'orders', ...moreOptions };
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

  it('stays without messages when it has to connect anew while an operator drains it', async () => {
    await using proxy = await MqttProxy.create((meeting.broker as MosquittoServer).url);
    // A connection without an answer to a ping for one and a half of it is dropped.
    const program = await startOne(0, { url: proxy.url, keepalive: 1, reconnectPeriod: 50 });
    const connections = proxy.count('connect');
    await toggle(program, 'draining', 1);
    await proxy.sent('connect', connections + 1);
    const ids = await emit(10, 'meanwhile');
    // The new connection does not read either.
    await proxy.sent('connect', connections + 2);
    await toggle(program, 'resumed', 1);
    for (const id of ids) await program.event('done', (event) => event['id'] === id);
    expect(await terminate(program)).toMatchObject(CLEAN);
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
