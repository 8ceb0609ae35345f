import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { enableGracefulShutdown } from 'nestjs-drain';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
enableGracefulShutdown(app);
app.useWebSocketAdapter(process.env['ADAPTER'] === 'socket.io' ? new IoAdapter(app) : new WsAdapter(app));
const server = await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
const { port } = server.address() as AddressInfo;
console.log(JSON.stringify({ event: 'listening', port }));
