import { COUNTED_CHANNEL } from './process-probes.js';
import type { ProbeCheck } from '../util/probe.js';

/** The IPC channel with its listener count; the methods are undocumented, hence optional. */
interface CountedChannel {
  refCounted?(): void;
  unrefCounted?(): void;
}

/**
 * Calls back on a `shutdown` message from the parent process, which PM2 can send instead of a signal, and always does on
 * Windows.
 *
 * Unlike other message listeners, this one does not keep the process alive, and it does not affect the count of the
 * others. Does nothing in a process without an IPC channel, or in a copy of `process`.
 *
 * @returns a function that stops listening
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
    // A copy of `process`, as in Jest's workers: it has no private fields and receives no messages.
    process.removeListener('message', listener);
    return () => {};
  }
  return () => {
    channel.refCounted?.();
    process.removeListener('message', listener);
  };
}
