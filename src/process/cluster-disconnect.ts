import { clusterWorker } from '../config/cluster-worker.js';
import { overrideMethod } from '../util/override-method.js';
import { EXITED_AFTER_DISCONNECT, MESSAGES_OF_PRIMARY } from './process-probes.js';
import type { EventEmitter } from 'node:events';
import type { ProbeCheck } from '../util/probe.js';

/**
 * Calls back when a worker of a cluster is disconnected: by the primary (`cluster.disconnect()`), by itself
 * (`cluster.worker.disconnect()`), or because the primary is gone. It may call back more than once.
 *
 * While it listens, the death of the primary does not end this process. Does nothing in a process that is no worker.
 *
 * @param callback gets what happened, in words
 * @returns a function that stops listening
 */
export function onClusterDisconnect(callback: (what: string) => void, probes: ProbeCheck): () => void {
  const worker = clusterWorker();
  if (!worker) return () => {};
  probes.check(EXITED_AFTER_DISCONNECT, worker);
  probes.check(MESSAGES_OF_PRIMARY, process);
  const messages: EventEmitter = process;
  const onMessage = (message: unknown): void => {
    if (isDisconnect(message)) callback('disconnected by the primary process');
  };
  const onDisconnected = (): void => {
    if (worker.exitedAfterDisconnect) return callback('disconnected from the primary process');
    // Node exits the process after this event unless the disconnect was intended.
    worker.exitedAfterDisconnect = true;
    callback('the primary process is gone');
  };
  // Before Node's own listener closes the servers.
  messages.prependListener('internalMessage', onMessage);
  worker.on('disconnect', onDisconnected);
  const restore = overrideMethod(worker, 'disconnect', (disconnect) => (...args) => {
    callback('cluster.worker.disconnect()');
    return disconnect(...args);
  });
  return () => {
    messages.off('internalMessage', onMessage);
    worker.off('disconnect', onDisconnected);
    restore();
  };
}

function isDisconnect(message: unknown): boolean {
  const { cmd, act } = Object(message) as { readonly cmd?: unknown; readonly act?: unknown };
  return cmd === 'NODE_CLUSTER' && act === 'disconnect';
}
