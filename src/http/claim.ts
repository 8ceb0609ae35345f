import { ShutdownError } from '../core/errors.js';
import { THIS_COPY } from '../util/this-copy.js';

/** On the server itself, and registered, so that it is seen by every copy of this package, of whatever version. */
const CLAIM = Symbol.for('nestjs-drain.http-server');

/** What is under the symbol; that of another version may be anything. */
interface Claim {
  readonly copy: string;
}

/**
 * Makes sure that a server is drained by one participant only.
 *
 * @returns a function that gives the server free
 */
export function claim(server: object): () => void {
  if (CLAIM in server) throw drainedAlready(server[CLAIM]);
  const own: Claim = { copy: THIS_COPY };
  Object.defineProperty(server, CLAIM, { value: own, configurable: true });
  return () => {
    if (Reflect.get(server, CLAIM) === own) Reflect.deleteProperty(server, CLAIM);
  };
}

/** Whether a participant drains a server, of whatever application in this process. */
export function isClaimed(server: object): boolean {
  return CLAIM in server;
}

function drainedAlready(other: unknown): ShutdownError {
  const { copy = 'an unknown place' } = Object(other) as Partial<Claim>;
  return new ShutdownError(
    'SHUTDOWN_SETUP_INVALID',
    copy === THIS_COPY
      ? 'this HTTP server is drained already: dispose of its other participant first'
      : `this HTTP server is drained already by the copy of nestjs-drain at ${copy}, and this is the copy at ${THIS_COPY}: ` +
          'use one copy for one server',
  );
}
