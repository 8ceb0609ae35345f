import { Injectable } from '@nestjs/common';
import { ShutdownResource } from 'nestjs-drain';
import { PriceFile } from './price-file.js';

/** Holds prices until the end. A cache is closed before the databases: the file is still open when it is saved. */
@Injectable()
@ShutdownResource({ type: 'cache', close: 'save' })
export class PriceCache {
  readonly #prices = new Map<string, number>();

  constructor(private readonly file: PriceFile) {}

  set(article: string, price: number): void {
    this.#prices.set(article, price);
  }

  save(): Promise<void> {
    return this.file.append(Object.fromEntries(this.#prices));
  }
}
