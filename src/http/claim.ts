import { ShutdownError } from '../core/errors.js';
import { THIS_COPY } from '../util/this-copy.js';

/** A registered symbol, so that every copy of this package finds the claim on the server, whatever its version. */
const CLAIM = Symbol.for('nestjs-drain.http-server');

/** The value under the symbol; another version may store anything. */
interface Claim {
  readonly copy: string;
}

/**
 * Claims a server, so that only one participant drains it.
 *
 * @returns a function that releases the server
 */
export function claim(server: object): () => void {
  if (CLAIM in server) throw drainedAlready(server[CLAIM]);
  const own: Claim = { copy: THIS_COPY };
  Object.defineProperty(server, CLAIM, { value: own, configurable: true });
  return () => {
    if (Reflect.get(server, CLAIM) === own) Reflect.deleteProperty(server, CLAIM);
  };
}

/** Returns whether a participant of any application in this process drains `server`. */
export function isClaimed(server: object): boolean {
  return CLAIM in server;
}

function drainedAlready(other: unknown): ShutdownError {
  const { copy = 'an unknown place' } = Object(other) as Partial<Claim>;
  return new ShutdownError(
    'SHUTDOWN_SETUP_INVALID',
    copy === THIS_COPY
      ? 'this HTTP server is already drained: dispose of its other participant first'
      : `this HTTP server is already drained by the copy of nestjs-drain at ${copy}, and this is the copy at ${THIS_COPY}: ` +
          'use one copy per server',
  );
}
