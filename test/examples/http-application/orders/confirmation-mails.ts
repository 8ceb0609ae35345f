import { appendFile } from 'node:fs/promises';
import { setTimeout as smtpConversation } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { OrderStore } from './order-store.js';

/** Sends mails after the request that asked for them was answered: work that nobody would repeat. */
@Injectable()
export class ConfirmationMails {
  readonly #logger = new Logger(ConfirmationMails.name);
  readonly #outbox = process.env['OUTBOX'] ?? 'outbox.txt';
  readonly #unsent = new Set<Promise<void>>();
  readonly #store: OrderStore;

  constructor(store: OrderStore) {
    this.#store = store;
  }

  /** How many mails are on their way. */
  get unsent(): number {
    return this.#unsent.size;
  }

  /** Begins to send a mail; does not wait for it. */
  send(orderId: number): void {
    const sending = this.#send(orderId)
      .catch((error: unknown) => this.#logger.error(`the mail for order ${orderId} is lost`, error))
      .finally(() => this.#unsent.delete(sending));
    this.#unsent.add(sending);
  }

  /** Resolves when no mail is on its way. */
  async idle(): Promise<void> {
    while (this.#unsent.size > 0) await Promise.all(this.#unsent);
  }

  async #send(orderId: number): Promise<void> {
    await smtpConversation(600);
    const order = await this.#store.find(orderId);
    await appendFile(this.#outbox, `${order.id}\n`);
  }
}
