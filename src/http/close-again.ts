import { overrideMethod } from '../util/override-method.js';
import type { Server } from 'node:net';

type Callback = (error?: Error) => void;

/**
 * Has further calls of `close()` succeed on a server that the shutdown has closed: hooks of the application may close
 * their servers themselves, and Node would tell them that it is not running.
 *
 * @returns a function that restores the method
 */
export function closeAgain(server: Server): () => void {
  return overrideMethod(server, 'close', (close) => (callback) => {
    if (typeof callback !== 'function') return close(callback);
    return close((error?: NodeJS.ErrnoException) =>
      error === undefined || error.code === 'ERR_SERVER_NOT_RUNNING'
        ? (callback as Callback)()
        : (callback as Callback)(error),
    );
  });
}
