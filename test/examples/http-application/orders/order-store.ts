import { setTimeout as roundTrip } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** An order. */
export interface Order {
  readonly id: number;
  readonly total: number;
}

const EXPORT_CHUNKS = 64;
const EXPORT_CHUNK = Buffer.alloc(64 * 1024, '0;13.37\n');

/** Stands for a database client: it is closed when its module is destroyed, and a closed one throws. */
@Injectable()
export class OrderStore implements OnModuleDestroy {
  #open = true;

  async find(id: number): Promise<Order> {
    await this.#query();
    return { id, total: (id % 50) + 0.99 };
  }

  async save(_order: Order): Promise<void> {
    await this.#query();
  }

  /** All orders as text; a cursor, which needs the connection until the last row. */
  async *export(): AsyncGenerator<Buffer> {
    for (let chunk = 0; chunk < EXPORT_CHUNKS; chunk += 1) {
      await this.#query();
      yield EXPORT_CHUNK;
    }
  }

  async onModuleDestroy(): Promise<void> {
    await roundTrip(5);
    this.#open = false;
  }

  async #query(): Promise<void> {
    if (this.#open) await roundTrip(2);
    if (!this.#open) throw new Error('the order store is closed');
  }
}
