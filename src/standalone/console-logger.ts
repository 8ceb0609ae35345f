import type { ShutdownLogger } from '../report/shutdown-log.js';

/** Prints lines in the format of Nest's logger, without time and colours. */
export const consoleLogger: ShutdownLogger = {
  log: (message) => console.log(`LOG [GracefulShutdown] ${String(message)}`),
  warn: (message) => console.warn(`WARN [GracefulShutdown] ${String(message)}`),
  error: (message) => console.error(`ERROR [GracefulShutdown] ${String(message)}`),
};
