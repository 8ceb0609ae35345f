/** Resolves or rejects as the work does, or rejects with the reason of the interruption if that comes first. */
export function untilInterrupted<Result>(interrupted: AbortSignal, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const interrupt = (): void => reject(interrupted.reason as Error);
    if (interrupted.aborted) interrupt();
    interrupted.addEventListener('abort', interrupt, { once: true });
    work.then(resolve, reject).finally(() => interrupted.removeEventListener('abort', interrupt));
  });
}
