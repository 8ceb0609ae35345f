import { ShutdownError } from '../../core/errors.js';
import { THIS_COPY } from '../../util/this-copy.js';

/**
 * The error for a decorator that another version of this package has written the metadata of.
 *
 * @param where which decorator, and on what
 * @param metadata what that version has written; it may tell where it is
 */
export function ofAnotherVersion(where: string, metadata: unknown): ShutdownError {
  const { copy = 'an unknown place' } = Object(metadata) as { readonly copy?: string };
  return new ShutdownError(
    'SHUTDOWN_SETUP_INVALID',
    `${where} is of another version of nestjs-drain, at ${copy}, which the one at ${THIS_COPY} cannot read: ` +
      'install one version',
  );
}
