import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { enableGracefulShutdown, GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import { tell } from '../support/process/tell.js';
import type { AddressInfo, Server } from 'node:net';
import type { DynamicModule } from '@nestjs/common';

/** With this package, or without. */
const drains = process.env['MODE'] === 'drain';

@WebSocketGateway({ path: '/chat' })
class ChatGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() text: string): { event: string; data: string } {
    return { event: 'echo', data: text };
  }
}

@Controller()
class MemoryController {
  @Get('memory')
  memory(): { bytes: number } {
    global.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return { bytes: heapUsed + external };
  }
}

@Module({ controllers: [MemoryController], providers: [ChatGateway] })
class AppModule {
  static create(): DynamicModule {
    const options = { gracePeriodMs: 20_000, announceDelayMs: 0, reconnectWindowMs: 5_000 };
    return { module: AppModule, imports: drains ? [GracefulShutdownModule.forRoot(options)] : [] };
  }
}

const app = await NestFactory.create(AppModule.create(), { logger: ['warn', 'error'] });
app.useWebSocketAdapter(new WsAdapter(app));
if (drains) {
  enableGracefulShutdown(app);
  app.get(ShutdownCoordinator).observe((event) => {
    if (event.type === 'finished') tell('report', { report: event.report });
  });
}
const server = (await app.listen(0, '127.0.0.1')) as Server;
tell('listening', { port: (server.address() as AddressInfo).port });
