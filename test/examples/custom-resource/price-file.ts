import { open, type FileHandle } from 'node:fs/promises';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ResourceRegistry } from 'nestjs-drain';

/** Stands for whatever is closed in its own way: nothing of it is known to the package. */
@Injectable()
export class PriceFile implements OnModuleInit {
  #handle: FileHandle | undefined;

  constructor(private readonly resources: ResourceRegistry) {}

  async onModuleInit(): Promise<void> {
    const handle = await open(process.env['PRICES'] ?? 'prices.jsonl', 'a');
    this.#handle = handle;
    this.resources.register('price file', handle, {
      type: 'database',
      timeoutMs: 2_000,
      close: async () => {
        await handle.sync();
        await handle.close();
      },
    });
  }

  async append(prices: Readonly<Record<string, number>>): Promise<void> {
    await this.#handle?.write(`${JSON.stringify(prices)}\n`);
  }
}
