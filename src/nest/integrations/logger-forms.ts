import { fieldsOf } from '../../report/log-entry.js';
import { printAside } from '../../process/standard-output.js';
import { hasMethod, isObject, read } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import type { LoggerService } from '@nestjs/common';
import type { LogEntry } from '../../report/log-entry.js';
import type { Probe, ProbeCheck } from '../../util/probe.js';

/** A level at which this package logs. */
export type EntryLevel = 'log' | 'warn' | 'error' | 'debug';

/** Passes an entry to a logger; the parameters are those that Nest adds to the line, the last one its context. */
type Form = (level: EntryLevel, entry: LogEntry, params: readonly unknown[]) => void;

export const JSON_OF_CONSOLE_LOGGER: Probe<object> = {
  name: 'ConsoleLogger.getJsonLogObject()',
  package: '@nestjs/common',
  ifMissing:
    'lines of a shutdown have no fields with ConsoleLogger({ json: true }), and the log has no report',
  isPresent: (logger) => hasMethod(logger, 'getJsonLogObject'),
};

/** All probes of this file. */
export const LOGGER_PROBES: readonly Probe[] = [JSON_OF_CONSOLE_LOGGER];

/** Checks what is private of the application's logger. */
export function checkLogger(target: object | undefined, probes: ProbeCheck): void {
  if (target && writesJson(target)) probes.check(JSON_OF_CONSOLE_LOGGER, target);
}

/**
 * Returns how a logger takes an entry: fields beside its own message where it has a place for them, the line as text
 * otherwise, like every other line of the application.
 */
export function formOf(target: LoggerService): Form {
  if (writesJson(target) && JSON_OF_CONSOLE_LOGGER.isPresent(target as never))
    return (...line) => asJson(target, ...line);
  const pinoLogger = pinoLoggerOf(target);
  if (pinoLogger) {
    // pino takes the fields first, and writes the message to its own key.
    return (level, entry, params) => {
      const context = { [String(read(target, 'contextName'))]: params.at(-1) };
      pinoLogger[level === 'log' ? 'info' : level]?.({ ...context, ...fieldsOf(entry) }, String(entry));
    };
  }
  if (isOfNestWinston(target)) {
    // A line to a logger that has ended would be an uncaught error, and lost.
    if (hasEnded(target)) return (_level, entry) => printAside(String(entry));
    return (level, entry, params) =>
      call(target, level, { ...fieldsOf(entry), message: String(entry) }, ...params);
  }
  return (level, entry, params) => call(target, level, String(entry), ...params);
}

/** Whether a logger is a `ConsoleLogger` that writes JSON. */
export function writesJson(target: object): boolean {
  return (
    hasMethod(target, 'printMessages') && read(Object(read(target, 'options')) as object, 'json') === true
  );
}

/** Adds the fields to the object that `ConsoleLogger` is about to write; the application's own class may add more. */
function asJson(target: LoggerService, level: EntryLevel, entry: LogEntry, params: readonly unknown[]): void {
  const restore = overrideMethod(target, 'getJsonLogObject', (original) => (...args) => {
    const own = original(...args) as object;
    return { ...own, ...fieldsOf(entry), ...own };
  });
  try {
    call(target, level, String(entry), ...params);
  } finally {
    restore();
  }
}

type PinoMethods = Partial<Record<string, (fields: object, line: string) => void>>;

/** Returns the `PinoLogger` behind the loggers of nestjs-pino: they take lines as Nest's own loggers do, which differs by version. */
function pinoLoggerOf(target: object): PinoMethods | undefined {
  const logger = read(target, 'logger');
  const isOfNestjsPino =
    typeof read(target, 'contextName') === 'string' &&
    isObject(logger) &&
    hasMethod(logger, 'assign') &&
    hasMethod(logger, 'trace');
  return isOfNestjsPino ? (logger as PinoMethods) : undefined;
}

function isOfNestWinston(target: object): boolean {
  return hasMethod(target, 'getWinstonLogger') && hasMethod(target, 'verbose');
}

function hasEnded(target: object): boolean {
  return read(Object(read(target, 'logger')) as object, 'writable') === false;
}

function call(
  target: LoggerService,
  level: EntryLevel,
  message: unknown,
  ...params: readonly unknown[]
): void {
  target[level]?.(message, ...params);
}
