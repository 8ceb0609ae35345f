/** A promise with its handles outside. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(this: void, value: T): void;
  reject(this: void, reason: unknown): void;
}

/** Makes a {@link Deferred}; a rejection that nobody awaits is not an unhandled one. */
export function deferred<T>(): Deferred<T> {
  let handles!: Omit<Deferred<T>, 'promise'>;
  const promise = new Promise<T>((resolve, reject) => {
    handles = { resolve, reject };
  });
  promise.catch(() => {});
  return { promise, ...handles };
}
