import { Module } from '@nestjs/common';
import { ConfirmationMails } from './confirmation-mails.js';
import { OrderStore } from './order-store.js';
import { OrdersController } from './orders.controller.js';

@Module({
  controllers: [OrdersController],
  providers: [OrderStore, ConfirmationMails],
  exports: [ConfirmationMails],
})
export class OrdersModule {}
