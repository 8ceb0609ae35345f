import { ShutdownCoordinator } from 'nestjs-drain';
import { tell } from './tell.js';
import type { INestApplicationContext } from '@nestjs/common';

/** Tells of the report of an application; SIGUSR2 has it drain as an operator would, and resume. */
export function tellShutdown(app: INestApplicationContext): void {
  const coordinator = app.get(ShutdownCoordinator);
  coordinator.observe((event) => {
    if (event.type === 'finished') tell('report', { report: event.report });
  });
  process.on('SIGUSR2', () => {
    if (coordinator.isShuttingDown) void coordinator.resume().then(() => tell('resumed'));
    else {
      coordinator.announce();
      tell('draining');
    }
  });
}
