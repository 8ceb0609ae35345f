import { Module } from '@nestjs/common';
import { ImportController } from './import.controller.js';
import { ImportStore } from './import-store.js';
import { ImportTask } from './import-task.js';

@Module({ controllers: [ImportController], providers: [ImportStore, ImportTask] })
export class ImportModule {}
