import type { AddressInfo, Server } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { enableGracefulShutdown } from 'nestjs-drain';
import { AppModule } from './app.module.js';

const app = enableGracefulShutdown(await NestFactory.create(AppModule));
const microservice = app.connectMicroservice<MicroserviceOptions>({
  transport: Transport.TCP,
  options: { port: Number(process.env['TCP_PORT'] ?? 3001) },
});
await app.startAllMicroservices();
const server = await app.listen(process.env['PORT'] ?? 3000);

const portOf = (listening: Server): number => (listening.address() as AddressInfo).port;
console.log(
  JSON.stringify({ event: 'listening', http: portOf(server), tcp: portOf(microservice.unwrap<Server>()) }),
);
