import { open } from 'node:fs/promises';
import { createShutdown } from 'nestjs-drain/standalone';
import { Outbox } from './outbox.js';

const { OUTBOX = 'outbox', DELIVERIES = 'deliveries.log', RECIPIENT = 'http://localhost:3000' } = process.env;

const shutdown = createShutdown({ management: { port: Number(process.env['MANAGEMENT_PORT'] ?? 9000) } });
const deliveries = await open(DELIVERIES, 'a');
const outbox = new Outbox(OUTBOX, RECIPIENT, deliveries);

shutdown.resources.register('list of deliveries', deliveries);
shutdown.loop('outbox', () => outbox.deliverNext(), 100);
await shutdown.listen();
