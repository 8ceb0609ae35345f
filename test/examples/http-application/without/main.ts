import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
const server = await app.listen(process.env['PORT'] ?? 3000);
const { port } = server.address() as AddressInfo;
console.log(JSON.stringify({ event: 'listening', port }));
