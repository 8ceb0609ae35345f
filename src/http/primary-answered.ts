import { createServer } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import type { Worker } from 'node:cluster';

/** No process has a file descriptor with this number open. */
const NO_DESCRIPTOR = 2 ** 31 - 1;

/**
 * Resolves when the primary of a cluster has answered a question, and all that it had sent to this worker before has
 * been dealt with. Connections that came for a server that is closed have then been handed back to the primary.
 *
 * The question is one to which only the primary knows the answer: whether this worker may listen on a file descriptor of
 * the primary. It may not, since there is none with that number.
 */
export async function primaryAnswered(worker: Worker): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      worker.off('disconnect', settle);
      server.close();
      resolve();
    };
    // Without a primary, nothing comes any more.
    worker.once('disconnect', settle);
    server.once('error', settle).once('listening', settle);
    server.listen({ fd: NO_DESCRIPTOR });
  });
  // A message with a connection takes two ticks longer than one without.
  await immediate();
}
