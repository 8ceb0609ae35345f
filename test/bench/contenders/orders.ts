import { setTimeout as delay } from 'node:timers/promises';
import {
  Body,
  Controller,
  Get,
  Header,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
  Sse,
  StreamableFile,
  type DynamicModule,
  type ModuleMetadata,
  type OnModuleDestroy,
} from '@nestjs/common';
import { interval, map, type Observable } from 'rxjs';

export const DOWNLOAD_BYTES = 1_000_000;
/** Of the times that are asked for. */
export const SLOWEST_MS = 800;
export const EVENTS_PATH = '/events';

const EXPORT = Buffer.alloc(DOWNLOAD_BYTES, 'x');

/** What most providers are to requests: it cannot be used once it is destroyed. */
@Injectable()
export class OrderStore implements OnModuleDestroy {
  #isOpen = true;

  query<Result>(result: Result): Result {
    if (!this.#isOpen) throw new Error('the store is closed');
    return result;
  }

  onModuleDestroy(): void {
    this.#isOpen = false;
  }
}

@Controller()
class OrdersController {
  constructor(@Inject(OrderStore) private readonly store: OrderStore) {}

  @Get('orders')
  list(): readonly string[] {
    return this.store.query(['A-1', 'A-2']);
  }

  @Get('orders/slow/:ms')
  async slow(@Param('ms') ms: string): Promise<readonly string[]> {
    await delay(Number(ms));
    return this.store.query(['A-1', 'A-2']);
  }

  @Post('orders')
  async create(@Body() order: object): Promise<object> {
    await delay(50);
    return this.store.query(order);
  }

  @Get('orders/export')
  @Header('content-length', String(DOWNLOAD_BYTES))
  export(): StreamableFile {
    return new StreamableFile(this.store.query(EXPORT));
  }

  @Sse(EVENTS_PATH)
  events(): Observable<{ data: string }> {
    return interval(100).pipe(map((index) => ({ data: String(index) })));
  }
}

/** The application that every contender ends. */
@Module({ controllers: [OrdersController], providers: [OrderStore] })
export class OrdersModule {
  static with(imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
    return { module: OrdersModule, imports };
  }
}
