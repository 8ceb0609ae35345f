/** Why there is nothing to judge: the application could not be started or is not as described. A sentence that says what to do. */
export class RehearsalError extends Error {
  override readonly name = 'RehearsalError';
}
