import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-drain';
import { DashboardController } from './dashboard.controller.js';

@Module({ imports: [GracefulShutdownModule], controllers: [DashboardController] })
class AppModule {}

const app = enableGracefulShutdown(await NestFactory.create(AppModule));
const server = await app.listen(process.env['PORT'] ?? 3000);
const { port } = server.address() as AddressInfo;
console.log(JSON.stringify({ event: 'listening', port }));
