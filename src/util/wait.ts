import type { Clock } from './clock.js';

/** Resolves after `ms` milliseconds, or as soon as `signal` aborts. */
export function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const timer = clock.setTimer(stop, ms);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}
