import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Get, HttpCode, Param, ParseIntPipe, Post, Req, StreamableFile } from '@nestjs/common';
import { ConfirmationMails } from './confirmation-mails.js';
import { OrderStore, type Order } from './order-store.js';

/** What a shop's API has: quick reads, slow ones, streams, uploads, downloads, and work that outlives its request. */
@Controller('orders')
export class OrdersController {
  readonly #store: OrderStore;
  readonly #mails: ConfirmationMails;

  constructor(store: OrderStore, mails: ConfirmationMails) {
    this.#store = store;
    this.#mails = mails;
  }

  @Get('export')
  async export(): Promise<StreamableFile> {
    await this.#store.find(0);
    return new StreamableFile(Readable.from(this.#store.export()));
  }

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number): Promise<Order> {
    return this.#store.find(id);
  }

  /** Asks a slow supplier before it answers. */
  @Get(':id/quote')
  async quote(@Param('id', ParseIntPipe) id: number): Promise<Order> {
    await delay(700);
    return this.#store.find(id);
  }

  /** Renders page by page, each sent as soon as it is there. */
  @Get(':id/invoice')
  async invoice(@Param('id', ParseIntPipe) id: number): Promise<StreamableFile> {
    const order = await this.#store.find(id);
    return new StreamableFile(Readable.from(this.#pages(order)));
  }

  @Post('import')
  async import(@Req() request: IncomingMessage): Promise<{ bytes: number }> {
    let bytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) bytes += chunk.length;
    await this.#store.save({ id: 0, total: bytes });
    return { bytes };
  }

  @Post(':id/confirmation')
  @HttpCode(202)
  async confirm(@Param('id', ParseIntPipe) id: number): Promise<void> {
    const order = await this.#store.find(id);
    this.#mails.send(order.id);
  }

  async *#pages({ id }: Order): AsyncGenerator<Buffer> {
    for (let page = 1; page <= 8; page += 1) {
      await delay(100);
      const { total } = await this.#store.find(id);
      yield Buffer.from(`order ${id}, page ${page}: ${total}\n`.padEnd(1024));
    }
  }
}
