import { Module } from '@nestjs/common';
import { GracefulShutdownModule, ShutdownCoordinator } from 'nestjs-drain';
import { ConfirmationMails } from './orders/confirmation-mails.js';
import { OrdersModule } from './orders/orders.module.js';

@Module({
  imports: [GracefulShutdownModule.forRoot({ announceDelayMs: 1_000, quietPeriodMs: 300 }), OrdersModule],
})
export class AppModule {
  constructor(coordinator: ShutdownCoordinator, mails: ConfirmationMails) {
    coordinator.register({
      name: 'confirmation mails',
      drain: () => mails.idle(),
      inFlight: () => mails.unsent,
    });
    // One JSON line per step, for whoever started this process.
    coordinator.observe(({ type, ...details }) => {
      if (type !== 'phase-entered' && type !== 'finished') return;
      console.log(JSON.stringify({ event: type, ...details }));
    });
  }
}
