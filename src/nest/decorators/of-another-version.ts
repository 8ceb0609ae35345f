import { ShutdownError } from '../../core/errors.js';
import { THIS_COPY } from '../../util/this-copy.js';

/**
 * Returns the error for a decorator whose metadata another version of this package has written.
 *
 * @param where the decorator, and what it is on
 * @param metadata the metadata; it may contain the path of that version
 */
export function ofAnotherVersion(where: string, metadata: unknown): ShutdownError {
  const { copy = 'an unknown place' } = Object(metadata) as { readonly copy?: string };
  return new ShutdownError(
    'SHUTDOWN_SETUP_INVALID',
    `${where} comes from another version of nestjs-drain, at ${copy}, which the one at ${THIS_COPY} cannot read: ` +
      'install a single version',
  );
}
