import { Logger } from '@nestjs/common';
import { LogEntry } from '../../report/log-entry.js';
import { hasMethod } from '../../util/foreign.js';
import { formOf } from './logger-forms.js';
import type { LoggerService } from '@nestjs/common';
import type { EntryLevel } from './logger-forms.js';
import type { ShutdownLogger } from '../../report/shutdown-log.js';

/**
 * Nest's logger, which passes entries on in the form that the application's logger writes.
 *
 * The application may set its logger late, and Nest may buffer lines until then, so the form is chosen when a line is
 * passed on.
 */
export class EntryLogger extends Logger implements ShutdownLogger {
  /** The logger of the application, as Nest has it now; `undefined` if it has none. */
  get target(): LoggerService | undefined {
    return super.localInstance;
  }

  override get localInstance(): LoggerService {
    const { target } = this;
    // Without a logger, Nest calls nothing.
    return target === undefined ? target! : inItsForm(target);
  }
}

/** Returns a logger that passes entries to another one. */
function inItsForm(target: LoggerService): LoggerService {
  const pass =
    (level: EntryLevel) =>
    (message: unknown, ...params: readonly unknown[]): void => {
      if (!hasMethod(target, level)) return;
      if (message instanceof LogEntry) formOf(target)(level, message, params);
      else target[level]!(message, ...params);
    };
  return { log: pass('log'), warn: pass('warn'), error: pass('error'), debug: pass('debug') };
}
