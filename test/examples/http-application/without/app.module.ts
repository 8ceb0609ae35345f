import { Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { ConfirmationMails } from '../orders/confirmation-mails.js';
import { OrdersModule } from '../orders/orders.module.js';

/** The same application on bare Nest, which has a hook for waiting, too: only that the store is closed before it. */
@Module({ imports: [OrdersModule] })
export class AppModule implements BeforeApplicationShutdown {
  readonly #mails: ConfirmationMails;

  constructor(mails: ConfirmationMails) {
    this.#mails = mails;
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#mails.idle();
  }
}
