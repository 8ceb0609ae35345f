import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-drain';
import { StockController } from './stock.controller.js';

@Module({ imports: [GracefulShutdownModule], controllers: [StockController] })
export class AppModule {}
