import { LogEntry } from './log-entry.js';
import { milliseconds } from '../util/milliseconds.js';

/** What an application is told about at boot. */
export interface BootFacts {
  readonly gracePeriodMs: number;
  readonly announceDelayMs: number;
  /** The signals that trigger a shutdown. */
  readonly signals: readonly string[];
  /** The health and drain routes. */
  readonly routes: readonly string[];
  /** Address of the management port, if there is one. */
  readonly managementUrl: string | undefined;
  /** Names of what was found: servers, gateways, transports, queues. */
  readonly found: readonly string[];
  /** Sentences about assumptions. */
  readonly notes: readonly string[];
}

/** Returns the one line that says at boot that graceful shutdown is active, and with what. */
export function bootEntry({ notes, ...facts }: BootFacts): LogEntry {
  const { gracePeriodMs, announceDelayMs, signals, routes, managementUrl, found } = facts;
  const parts = [
    `graceful shutdown on ${signals.join(', ') || 'app.close() only'}`,
    `within ${milliseconds(gracePeriodMs)}`,
    announceDelayMs > 0 ? `announced for ${milliseconds(announceDelayMs)}` : 'not announced',
    routes.length > 0 ? `routes ${routes.join(', ')}` : 'no routes',
    ...(managementUrl === undefined ? [] : [`routes also at ${managementUrl}`]),
    `found ${found.join(', ') || 'no servers'}`,
  ];
  const line = [`${parts.join('; ')}${notes.length > 0 ? '.' : ''}`, ...notes].join(' ');
  return new LogEntry(line, {
    gracePeriodMs,
    announceDelayMs,
    signals,
    routes,
    found,
    ...(managementUrl !== undefined && { managementUrl }),
  });
}
