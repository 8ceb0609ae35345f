import { COUNTED_CHANNEL } from './process-probes.js';
import type { ProbeCheck } from '../util/probe.js';

/** The IPC channel as it counts who listens; that it does is not documented, hence the question marks. */
interface CountedChannel {
  refCounted?(): void;
  unrefCounted?(): void;
}

/**
 * Calls back on a `shutdown` message from the parent process: what PM2 sends instead of a signal, on Windows always.
 *
 * A listener for messages keeps the process alive; this one does not, and leaves the count of the others right.
 *
 * @returns a function that stops listening; nothing happens in a process without a parent that talks, nor in a copy of one
 */
export function onShutdownMessage(callback: () => void, probes: ProbeCheck): () => void {
  const channel = process.channel as CountedChannel | null | undefined;
  if (!channel) return () => {};
  probes.check(COUNTED_CHANNEL, channel);
  const listener = (message: unknown): void => {
    if (message === 'shutdown') callback();
  };
  process.on('message', listener);
  try {
    channel.unrefCounted?.();
  } catch {
    // A copy, as Jest gives its tests in a worker in place of the process: it has no private fields, and hears nothing.
    process.removeListener('message', listener);
    return () => {};
  }
  return () => {
    channel.refCounted?.();
    process.removeListener('message', listener);
  };
}
