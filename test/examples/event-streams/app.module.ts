import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-drain';
import { ImportModule } from './import/import.module.js';

@Module({
  imports: [GracefulShutdownModule.forRoot({ announceDelayMs: 300, reconnectWindowMs: 500 }), ImportModule],
})
export class AppModule {}
