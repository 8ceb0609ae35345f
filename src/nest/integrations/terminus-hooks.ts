import type { HookHost } from '../lifecycle/hook-hosts.js';

const REACTING = new Set(['HealthCheckExecutor', 'GracefulShutdownService']);

/**
 * Whether it is Terminus' own reaction to a shutdown: a wait for load balancers, which the announcement replaces, and
 * the end of its health checks, which must not come before Nest's turn.
 */
export function isOfTerminus({ name, moduleName }: HookHost): boolean {
  return moduleName === 'TerminusModule' && REACTING.has(name);
}

/** Terminus' `gracefulShutdownTimeoutMs`, the longest where there are several; 0 where it is not set. */
export function terminusTimeoutMs(hosts: readonly HookHost[]): number {
  const timeouts = hosts.filter(isOfTerminus).map(({ instance }) => {
    const { options } = instance as { options?: { gracefulShutdownTimeoutMs?: unknown } };
    return Number(options?.gracefulShutdownTimeoutMs ?? 0);
  });
  return Math.max(0, ...timeouts);
}
