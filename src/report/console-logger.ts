import type { ShutdownLogger } from './shutdown-log.js';

/** Prints lines in the format of Nest's logger, without time and colours; no details. */
export const consoleLogger: ShutdownLogger = {
  log: (message) => console.log(`LOG [GracefulShutdown] ${String(message)}`),
  warn: (message) => console.warn(`WARN [GracefulShutdown] ${String(message)}`),
  error: (message) => console.error(`ERROR [GracefulShutdown] ${String(message)}`),
};
