import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-drain';
import { StockController } from './stock.controller.js';

@Module({
  imports: [
    GracefulShutdownModule.forRoot({ management: { port: Number(process.env['MANAGEMENT_PORT'] ?? 9000) } }),
  ],
  controllers: [StockController],
})
export class AppModule {}
