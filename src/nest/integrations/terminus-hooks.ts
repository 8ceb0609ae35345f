import { TerminusModule } from '@nestjs/terminus';
import { announceDelayMs } from '../../config/resolved-options.js';
import { classNameOf, hasMethod } from '../../util/foreign.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { HookHost } from '../lifecycle/hook-hosts.js';

const REACTING = new Set(['HealthCheckExecutor', 'GracefulShutdownService']);

/**
 * Returns whether a host implements Terminus' own shutdown: a wait for load balancers, which the announcement replaces,
 * and the end of its health checks, which must not happen before Nest calls it.
 */
export function isOfTerminus({ instance, moduleName, moduleType }: HookHost): boolean {
  // An application may have a copy of Terminus of its own.
  if (moduleType !== TerminusModule)
    return moduleName === 'TerminusModule' && REACTING.has(classNameOf(instance));
  // Minifiers shorten class names. The logger of Terminus is in the same module, and may be the application's own.
  return hasMethod(instance, 'beforeApplicationShutdown') && !hasMethod(instance, 'log');
}

/** Returns the line to log at boot if Terminus' `gracefulShutdownTimeoutMs` is set and has no effect. */
export function terminusNote(hosts: readonly HookHost[], options: ResolvedOptions): string[] {
  const timeoutMs = terminusTimeoutMs(hosts);
  if (timeoutMs === 0 || options.hooks === 'native') return [];
  return [
    `Terminus' gracefulShutdownTimeoutMs (${timeoutMs} ms) has no effect: the phase announce replaces it, and lasts ` +
      `announceDelayMs (${announceDelayMs(options, true)} ms) while everything is still served.`,
  ];
}

/** Returns the longest, if there are several; 0 if none is set. */
function terminusTimeoutMs(hosts: readonly HookHost[]): number {
  const timeouts = hosts.filter(isOfTerminus).map(({ instance }) => {
    const { options } = instance as { options?: { gracefulShutdownTimeoutMs?: unknown } };
    return Number(options?.gracefulShutdownTimeoutMs ?? 0);
  });
  return Math.max(0, ...timeouts);
}
