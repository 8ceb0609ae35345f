import type { EventEmitter } from 'node:events';
import type { Probe } from '../util/probe.js';

export const COUNTED_CHANNEL: Probe<object> = {
  name: 'process.channel.refCounted() and unrefCounted()',
  package: 'node',
  ifMissing: 'listening to the parent process keeps this one alive, even if it has nothing left to do',
  isPresent: (channel) =>
    ['refCounted', 'unrefCounted'].every((name) => typeof Reflect.get(channel, name) === 'function'),
};

export const EXIT_OF_PROCESS: Probe<object> = {
  name: 'process.reallyExit()',
  package: 'node',
  ifMissing:
    'a process whose event loop is blocked past the deadline is killed instead of exiting with code 70',
  isPresent: (subject) => typeof Reflect.get(subject, 'reallyExit') === 'function',
};

export const EXITED_AFTER_DISCONNECT: Probe<object> = {
  name: 'cluster.worker.exitedAfterDisconnect',
  package: 'node',
  ifMissing: 'a worker exits at once when the primary process of its cluster is gone',
  isPresent: (worker) => Object.hasOwn(worker, 'exitedAfterDisconnect'),
};

export const MESSAGES_OF_PRIMARY: Probe<EventEmitter> = {
  name: "process.on('internalMessage')",
  package: 'node',
  ifMissing: 'cluster.disconnect() shuts a worker down only when all its connections have ended',
  isPresent: (subject) => subject.listenerCount('internalMessage') > 0,
};

export const HANDLES_OF_PROCESS: Probe<object> = {
  name: 'process._getActiveHandles()',
  package: 'node',
  ifMissing:
    'late requests that the application sends to itself are refused, and servers that no shutdown drains are not found at boot',
  isPresent: (subject) => typeof Reflect.get(subject, '_getActiveHandles') === 'function',
};

/** All probes of this folder. */
export const PROCESS_PROBES: readonly Probe[] = [
  COUNTED_CHANNEL,
  EXIT_OF_PROCESS,
  EXITED_AFTER_DISCONNECT,
  MESSAGES_OF_PRIMARY,
  HANDLES_OF_PROCESS,
];
