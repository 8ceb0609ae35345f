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

export const HANDLES_OF_PROCESS: Probe<object> = {
  name: 'process._getActiveHandles()',
  package: 'node',
  ifMissing:
    'late requests that the application sends to itself are refused, and servers that no shutdown drains are not found at boot',
  isPresent: (subject) => typeof Reflect.get(subject, '_getActiveHandles') === 'function',
};

/** All probes of this folder. */
export const PROCESS_PROBES: readonly Probe[] = [COUNTED_CHANNEL, EXIT_OF_PROCESS, HANDLES_OF_PROCESS];
