import { createServer } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import type { Worker } from 'node:cluster';

/** No process has a file descriptor with this number open. */
const NO_DESCRIPTOR = 2 ** 31 - 1;

/**
 * Resolves when the primary of a cluster has answered a request, and this worker has processed everything that the
 * primary sent before. By then, connections for a closed server have been handed back to the primary.
 *
 * The request is one that only the primary can answer: to listen on a file descriptor of the primary. It fails, because
 * there is no descriptor with this number.
 */
export async function primaryAnswered(worker: Worker): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      worker.off('disconnect', settle);
      server.close();
      resolve();
    };
    // Without a primary, nothing can arrive any more.
    worker.once('disconnect', settle);
    server.once('error', settle).once('listening', settle);
    server.listen({ fd: NO_DESCRIPTOR });
  });
  // A message with a connection takes two ticks longer than one without.
  await immediate();
}
