import { once } from 'node:events';
import { Controller, Get, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';

@Injectable()
export class Database implements OnModuleDestroy {
  isOpen = true;

  onModuleDestroy(): void {
    this.isOpen = false;
  }
}

@Controller()
export class OrdersController {
  constructor(
    private readonly database: Database,
    private readonly coordinator: ShutdownCoordinator,
  ) {}

  /** Answers when nothing new is accepted any more: a request that is in flight during the shutdown. */
  @Get('slow')
  async slow(): Promise<{ databaseIsOpen: boolean }> {
    const { signal } = this.coordinator;
    console.log(JSON.stringify({ event: 'in-flight' }));
    if (!signal.aborted) await once(signal, 'abort');
    return { databaseIsOpen: this.database.isOpen };
  }
}

@Module({
  imports: [GracefulShutdownModule],
  controllers: [OrdersController],
  providers: [Database],
})
export class AppModule {}
