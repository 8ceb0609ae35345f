import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-drain';
import { ExportJournal } from './export-journal.js';
import { Exports } from './exports.js';
import { ExportsController } from './exports.controller.js';

@Module({
  imports: [GracefulShutdownModule.forRoot({ announceDelayMs: 100, drainTimeoutMs: 500 })],
  controllers: [ExportsController],
  providers: [Exports, ExportJournal],
})
export class AppModule {}
