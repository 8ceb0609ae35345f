import type { AddressInfo } from 'node:net';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { enableGracefulShutdown, GracefulShutdownModule } from 'nestjs-drain';

@Controller('orders')
class OrdersController {
  @Post()
  create(@Body() order: object): object {
    return { accepted: order };
  }
}

@Module({ imports: [GracefulShutdownModule], controllers: [OrdersController] })
class AppModule {}

const app = enableGracefulShutdown(await NestFactory.create(AppModule));
const server = await app.listen(process.env['PORT'] ?? 3000);
const { port } = server.address() as AddressInfo;
console.log(JSON.stringify({ event: 'listening', port }));
