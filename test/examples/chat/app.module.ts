import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-drain';
import { Archive } from './archive.js';
import { ChatGateway } from './chat.gateway.js';

@Module({ imports: [GracefulShutdownModule], providers: [Archive, ChatGateway] })
export class AppModule {}
