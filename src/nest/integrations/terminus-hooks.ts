import { announceDelayMs } from '../../config/resolved-options.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { HookHost } from '../lifecycle/hook-hosts.js';

const REACTING = new Set(['HealthCheckExecutor', 'GracefulShutdownService']);

/**
 * Whether it is Terminus' own reaction to a shutdown: a wait for load balancers, which the announcement replaces, and
 * the end of its health checks, which must not come before Nest's turn.
 */
export function isOfTerminus({ name, moduleName }: HookHost): boolean {
  return moduleName === 'TerminusModule' && REACTING.has(name);
}

/** What the log says at boot about Terminus' `gracefulShutdownTimeoutMs`, where it is set and not waited for. */
export function terminusNote(hosts: readonly HookHost[], options: ResolvedOptions): string[] {
  const timeoutMs = terminusTimeoutMs(hosts);
  if (timeoutMs === 0 || options.hooks === 'native') return [];
  return [
    `Terminus' gracefulShutdownTimeoutMs (${timeoutMs} ms) is not waited for: announcing takes its place, which ` +
      `lasts announceDelayMs (${announceDelayMs(options, true)} ms) while everything is still served.`,
  ];
}

/** The longest where there are several; 0 where it is not set. */
function terminusTimeoutMs(hosts: readonly HookHost[]): number {
  const timeouts = hosts.filter(isOfTerminus).map(({ instance }) => {
    const { options } = instance as { options?: { gracefulShutdownTimeoutMs?: unknown } };
    return Number(options?.gracefulShutdownTimeoutMs ?? 0);
  });
  return Math.max(0, ...timeouts);
}
