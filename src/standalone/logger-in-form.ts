import { ShutdownError } from '../core/errors.js';
import { printAside } from '../process/standard-output.js';
import { fieldsOf, LogEntry } from '../report/log-entry.js';
import { isPino, isWinston } from '../report/log-streams.js';
import { hasMethod, read } from '../util/foreign.js';
import type { ShutdownLogger } from '../report/shutdown-log.js';

/** What a shutdown uses of a logger of pino. */
export interface PinoLikeLogger {
  child(bindings: object): unknown;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

/** What a shutdown uses of a logger of winston. */
export interface WinstonLikeLogger {
  readonly transports: object[];
  log(entry: { level: string; message: string }): unknown;
}

type Level = keyof ShutdownLogger;
type Write = (level: Level, fields: object, line: string) => void;

/**
 * Returns a logger that passes each line on in the form that the program's logger takes: fields beside the message with
 * pino and winston. Any other logger is returned as it is.
 *
 * @throws {ShutdownError} `SHUTDOWN_OPTIONS_INVALID` if it has no such form
 */
export function loggerInForm(target: ShutdownLogger | PinoLikeLogger | WinstonLikeLogger): ShutdownLogger {
  if (isPino(target)) return writingBy((...line) => toPino(target, ...line));
  if (isWinston(target)) return writingBy((...line) => toWinston(target as WinstonLikeLogger, ...line));
  if (hasMethod(target, 'createLogger') && hasMethod(target, 'configure')) throw invalid(MODULE_OF_WINSTON);
  const missing = (['log', 'warn', 'error'] as const).filter((level) => !hasMethod(target, level));
  if (missing.length === 0) return target as ShutdownLogger;
  throw invalid(
    `logger has no ${missing.map((level) => `${level}()`).join(', ')}: ` +
      'pass a logger of pino or winston, console, or an object with log(), warn() and error()',
  );
}

/** Its `log()` takes other arguments, and what it writes to is out of reach. */
const MODULE_OF_WINSTON =
  'logger is the module winston: pass a logger of winston.createLogger(), or winston.child({}) for its default logger';

function invalid(message: string): ShutdownError {
  return new ShutdownError('SHUTDOWN_OPTIONS_INVALID', message);
}

/** The context that lines have under Nest, too. */
const CONTEXT = { context: 'GracefulShutdown' };

function writingBy(write: Write): ShutdownLogger {
  const at =
    (level: Level) =>
    (message: string | LogEntry): void => {
      const fields = message instanceof LogEntry ? fieldsOf(message) : {};
      write(level, { ...CONTEXT, ...fields }, String(message));
    };
  return { log: at('log'), warn: at('warn'), error: at('error'), debug: at('debug') };
}

function toPino(target: object, level: Level, fields: object, line: string): void {
  const method = level === 'log' ? 'info' : level;
  if (hasMethod(target, method)) (target as PinoLikeLogger)[method](fields, line);
  else printUnlessDetail(level, line);
}

function toWinston(target: WinstonLikeLogger, level: Level, fields: object, line: string): void {
  const levels = Object(read(target, 'levels')) as object;
  const known = NAMES_OF_WINSTON[level].find((name) => name in levels);
  // A line to a logger that has ended would be an uncaught error, and lost.
  if (known === undefined || read(target, 'writable') === false) printUnlessDetail(level, line);
  else target.log({ ...fields, level: known, message: line });
}

/** In the levels of npm, which are winston's default, and in those of syslog. */
const NAMES_OF_WINSTON: Readonly<Record<Level, readonly string[]>> = {
  log: ['info'],
  warn: ['warn', 'warning'],
  error: ['error'],
  debug: ['debug'],
};

/** For levels that a logger of the program's own making does not have. */
function printUnlessDetail(level: Level, line: string): void {
  if (level !== 'debug') printAside(line);
}
