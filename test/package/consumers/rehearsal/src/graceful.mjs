import { createServer } from 'node:http';
import { createShutdown } from 'nestjs-drain/standalone';

if (process.env.NODE_ENV !== 'production') throw new Error('it would start as for a test');
const server = createServer((_request, response) => response.end('done'));
const shutdown = createShutdown({ announceDelayMs: 1_000 });
shutdown.serve(server);
await shutdown.listen();
server.listen(0, '127.0.0.1');
