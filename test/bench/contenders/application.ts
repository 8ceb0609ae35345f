import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CONTENDERS } from './contenders.js';
import { OrdersModule } from './orders.js';

/** The application of one contender: `application NAME PLATFORM PORT HEALTH_PORT`. */
const [, , name, platform, port, healthPort] = process.argv;

const contender = CONTENDERS.find((each) => each.name === name);
if (!contender) throw new Error(`no contender ${name}`);

const root = OrdersModule.with((await contender.imports?.()) ?? []);
const options = { logger: false, ...contender.options } as const;
const app =
  platform === 'Fastify'
    ? await NestFactory.create(root, new FastifyAdapter(), options)
    : await NestFactory.create(root, options);
await contender.start({
  app,
  listen: () => app.listen(Number(port), '127.0.0.1'),
  healthPort: Number(healthPort),
});
