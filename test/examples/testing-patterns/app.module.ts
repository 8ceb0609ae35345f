import { Body, Controller, HttpCode, Module, Post as PostRequest } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-drain';
import { Post } from './post.js';
import { Reminders } from './reminders.js';

@Controller('reminders')
class RemindersController {
  constructor(private readonly reminders: Reminders) {}

  @PostRequest()
  @HttpCode(202)
  add(@Body() { text }: { text: string }): void {
    this.reminders.add(text);
  }
}

@Module({ controllers: [RemindersController], providers: [Reminders, Post], exports: [Reminders, Post] })
export class RemindersModule {}

@Module({ imports: [GracefulShutdownModule, RemindersModule] })
export class AppModule {}
