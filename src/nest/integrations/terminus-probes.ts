import { hasMethod } from '../../util/foreign.js';
import { isOfTerminus } from './terminus-hooks.js';
import type { Probe } from '../../util/probe.js';
import type { HookHost } from '../lifecycle/hook-hosts.js';

export const HOOKS_OF_TERMINUS: Probe<readonly HookHost[]> = {
  name: 'HealthCheckExecutor in TerminusModule',
  package: '@nestjs/terminus',
  ifMissing:
    "Terminus' health checks fail, and its gracefulShutdownTimeoutMs is added to the shutdown of this module",
  advice: 'Omit gracefulShutdownTimeoutMs',
  isPresent: (hosts) => hosts.some((host) => hasMethod(host.instance, 'execute') && isOfTerminus(host)),
};

/** All probes of Terminus. */
export const TERMINUS_PROBES: readonly Probe[] = [HOOKS_OF_TERMINUS];
