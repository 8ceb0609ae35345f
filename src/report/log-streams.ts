import { isAnyArrayBuffer, isArrayBufferView } from 'node:util/types';
import { Socket } from 'node:net';
import { classNameOf, hasMethod, isObject, read } from '../util/foreign.js';
import { PIPES_OF_READABLE, STREAM_OF_PINO, streamOfPino } from './log-probes.js';
import type { ProbeCheck } from '../util/probe.js';

/** A stream that takes lines of a log, and may still have to write them. */
export type LogStream = object;

/** How far from a logger its streams are looked for, and in how many objects at the most. */
const DEEPEST = 6;
const MOST_OBJECTS = 500;

/** Properties of streams that lead away from what they write to. */
const INNER_STATE = /^_(readableState|writableState|events|eventsCount|maxListeners)$/;

/**
 * Finds the streams behind loggers by their shape: what can be written to and says how much is left, and what can be
 * flushed. Stdout and stderr are not among them.
 *
 * Only properties with values are read; accessors would run foreign code.
 */
export function logStreams(loggers: Iterable<unknown>, probes: ProbeCheck): LogStream[] {
  const seen = new Set<object>();
  const found: LogStream[] = [];
  let layer = [...loggers].filter(isObject);
  for (let depth = 0; depth < DEEPEST && layer.length > 0; depth += 1) {
    const next: object[] = [];
    for (const object of layer) {
      if (seen.size >= MOST_OBJECTS) return found;
      if (seen.has(object) || leadsNowhere(object)) continue;
      seen.add(object);
      if (isWritable(object) || canFlush(object)) found.push(object);
      next.push(...partsOf(object, probes));
    }
    layer = next;
  }
  return found;
}

/** Whether a stream has lines that it has not written. */
export function isWriting(stream: LogStream): boolean {
  if (!isWritable(stream) || read(stream, 'destroyed') === true) return false;
  return [read(stream, 'writableLength'), read(stream, 'readableLength')].some(
    (length) => Number(length) > 0,
  );
}

/** Whether it has pino's way of writing what it buffers. */
export function canFlush(stream: LogStream): stream is { flush(done: () => void): void; flushSync(): void } {
  return hasMethod(stream, 'flush') && hasMethod(stream, 'flushSync');
}

/** Names a stream in a message: by its file, otherwise by its class. */
export function nameOfStream(stream: LogStream): string {
  const file = read(stream, 'path') ?? read(stream, 'file') ?? read(stream, 'filename');
  return typeof file === 'string' ? file : classNameOf(stream, 'a stream');
}

function isWritable(object: object): boolean {
  return typeof read(object, 'writableLength') === 'number' && hasMethod(object, 'write');
}

function leadsNowhere(object: object): boolean {
  return (
    typeof object === 'function' ||
    isArrayBufferView(object) ||
    isAnyArrayBuffer(object) ||
    // Stdout and stderr are waited for apart, and other sockets are no log.
    object instanceof Socket
  );
}

function partsOf(object: object, probes: ProbeCheck): object[] {
  if (isWinston(object)) return [...(read(object, 'transports') as object[])].filter(isObject);
  const parts = valuesOf(object);
  if (isPino(object)) {
    if (probes.check(STREAM_OF_PINO, object)) parts.push(streamOfPino(object));
  } else if (isPinoLogger(object)) {
    parts.push(read(object, 'logger'));
  }
  // Streams that can only be written to have an inherited pipe().
  if (typeof read(object, 'readableLength') === 'number' && probes.check(PIPES_OF_READABLE, object))
    parts.push(...pipesOf(object));
  return parts.filter(isObject);
}

function valuesOf(object: object): unknown[] {
  try {
    return Reflect.ownKeys(object).flatMap((key) => {
      if (typeof key === 'string' && INNER_STATE.test(key)) return [];
      const value: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
      return isObject(value) ? [value] : [];
    });
  } catch {
    // A proxy may throw.
    return [];
  }
}

/** Whether it is a logger of winston: `transports` is documented, and so are the streams that it writes to. */
export function isWinston(object: object): boolean {
  return (
    hasMethod(object, 'configure') && hasMethod(object, 'add') && Array.isArray(read(object, 'transports'))
  );
}

/** Whether it is a logger of pino itself. */
export function isPino(object: object): boolean {
  return hasMethod(object, 'bindings') && hasMethod(object, 'child') && hasMethod(object, 'flush');
}

/** `PinoLogger` of nestjs-pino has its pino behind an accessor. */
function isPinoLogger(object: object): boolean {
  return hasMethod(object, 'assign') && hasMethod(object, 'setContext') && hasMethod(object, 'trace');
}

function pipesOf(object: object): object[] {
  const pipes = read(Object(read(object, '_readableState')) as object, 'pipes');
  return (Array.isArray(pipes) ? (pipes as unknown[]) : [pipes]).filter(isObject);
}
