import { ShutdownError } from '../core/errors.js';

/** On the server itself, and registered, so that it is seen by every copy of this package. */
const CLAIM = Symbol.for('nestjs-drain.http-server');

/**
 * Makes sure that a server is drained by one participant only.
 *
 * @returns a function that gives the server free
 */
export function claim(server: object): () => void {
  if (CLAIM in server) {
    throw new ShutdownError(
      'SHUTDOWN_SETUP_INVALID',
      'this HTTP server is drained already: dispose of its other participant first',
    );
  }
  Object.defineProperty(server, CLAIM, { value: true, configurable: true });
  return () => void Reflect.deleteProperty(server, CLAIM);
}
