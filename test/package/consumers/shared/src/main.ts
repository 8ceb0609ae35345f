import 'nestjs-drain/early';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown } from 'nestjs-drain';
import { AppModule } from './app.module.js';
import { copies } from './copies.js';

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  enableGracefulShutdown(app);
  await app.listen(0, '127.0.0.1');
  const [one, other] = await copies();
  console.log(JSON.stringify({ event: 'listening', url: await app.getUrl(), isSingleCopy: one === other }));
}

void main();
