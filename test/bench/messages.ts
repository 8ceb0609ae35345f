import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { KafkaHeaders, MessagePattern, Transport } from '@nestjs/microservices';
import { GracefulShutdownModule } from 'nestjs-drain';
import { compare, cpuClock } from './compare.js';
import type { INestMicroservice, ModuleMetadata } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { Figure } from './figure.js';

const MESSAGES = 4_000;
const PROMISED_NS = 1_000;

@Controller()
class Echo {
  @MessagePattern('echo')
  echo(): Promise<string> {
    return Promise.resolve('x');
  }
}

/** Hands a request over where a client library does, and calls back with the reply where that would send it. */
type Ask = (server: never, onReply: () => void) => unknown;

const TEXT = JSON.stringify({ pattern: 'echo', data: 'x', id: '1' });
const KAFKA_HEADERS = {
  [KafkaHeaders.CORRELATION_ID]: Buffer.from('1'),
  [KafkaHeaders.REPLY_TOPIC]: Buffer.from('echo.reply'),
  [KafkaHeaders.REPLY_PARTITION]: Buffer.from('0'),
};

interface Handling {
  handleMessage(...args: unknown[]): unknown;
}
interface RmqHandling extends Handling {
  channel: object;
}
interface KafkaHandling {
  producer: object;
  eachMessage?: (payload: object) => unknown;
  getMessageHandler(): (payload: object) => unknown;
}

const ASK: Readonly<Record<'TCP' | 'REDIS' | 'NATS' | 'MQTT' | 'RMQ' | 'KAFKA', Ask>> = {
  TCP: (server: Handling, onReply) => server.handleMessage({ sendMessage: onReply }, JSON.parse(TEXT)),
  REDIS: (server: Handling, onReply) => server.handleMessage('echo', TEXT, { publish: onReply }, 'echo'),
  NATS: (server: Handling, onReply) =>
    server.handleMessage('echo', {
      subject: 'echo',
      data: TEXT,
      json: () => JSON.parse(TEXT) as object,
      reply: 'r',
      respond: onReply,
    }),
  MQTT: (server: Handling, onReply) =>
    server.handleMessage('echo', Buffer.from(TEXT), { publish: onReply }, {}),
  RMQ: (server: RmqHandling, onReply) => {
    server.channel = { sendToQueue: onReply };
    const properties = { replyTo: 'replies', correlationId: '1' };
    return server.handleMessage({ content: Buffer.from(TEXT), properties }, server.channel);
  },
  KAFKA: (server: KafkaHandling, onReply) => {
    server.producer = { send: onReply };
    const message = { value: Buffer.from('"x"'), headers: { ...KAFKA_HEADERS }, offset: '1' };
    // Nest asks for it once.
    server.eachMessage ??= server.getMessageHandler();
    return server.eachMessage({ topic: 'echo', partition: 0, message });
  },
};

/** What counting a message costs: the same server with and without the module, no broker or network before it, in time of the CPU. */
export async function measure(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [name, ask] of Object.entries(ASK)) {
    const transport = Transport[name as keyof typeof ASK];
    const bare = await serverOf(transport, []);
    const counted = await serverOf(transport, [GracefulShutdownModule]);
    const send = async (app: INestMicroservice): Promise<void> => {
      const server = (app as unknown as { getTransportServer(): never }).getTransportServer();
      for (let sent = 0; sent < MESSAGES; sent += 1) {
        await new Promise<void>((resolve) => void ask(server, resolve));
      }
    };
    const { median, text } = await compare(bare, counted, send, MESSAGES, cpuClock);
    figures.push({
      what: `a request on ${name}`,
      measured: text,
      promised: `under ${PROMISED_NS} ns`,
      isKept: median < PROMISED_NS,
    });
  }
  return figures;
}

/** It does not listen, so there is nothing to close. */
async function serverOf(
  transport: Transport,
  imports: NonNullable<ModuleMetadata['imports']>,
): Promise<INestMicroservice> {
  @Module({ imports, controllers: [Echo] })
  class AppModule {}
  const options = { transport, options: {}, logger: ['error'] } as unknown as MicroserviceOptions;
  return NestFactory.createMicroservice<MicroserviceOptions>(AppModule, options).then((app) => app.init());
}
