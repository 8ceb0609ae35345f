import { leavesDaemon, PM2_RELOAD, pm2ReloadOf } from '../cluster/pm2.js';
import type { ClusterPlan, ReloadPlan } from '../plan.js';
import type { RehearseFlags } from './flags.js';
import type { FlagReader } from './flag-reader.js';

/** Reads what is said about a cluster, if there is one; what is wrong is among the problems of the reader. */
export function clusterOf(
  command: readonly string[],
  { cluster = false, reload, fleet }: RehearseFlags,
  reader: FlagReader,
): ClusterPlan | undefined {
  if (!cluster) {
    if (reload !== undefined) reader.problems.push('--reload is for a cluster: add --cluster');
    return undefined;
  }
  if (fleet !== undefined) {
    reader.problems.push(
      '--cluster and --fleet exclude each other: workers share a port, instances of a fleet have one each',
    );
  }
  if (leavesDaemon(command)) {
    reader.problems.push(
      'pm2 ends when its daemon runs, so that there is nothing to watch: start pm2-runtime in its place, or add --no-daemon',
    );
  }
  const plan = reload === undefined ? pm2Reload(command) : reloadOf(reload, reader);
  return plan ? { reload: plan } : {};
}

function pm2Reload(command: readonly string[]): ReloadPlan | undefined {
  const reload = pm2ReloadOf(command);
  return reload && { command: reload, name: PM2_RELOAD };
}

/** The name of a signal, or a command for the shell. */
function reloadOf(text: string, reader: FlagReader): ReloadPlan {
  if (/^SIG[A-Z0-9]+$/.test(text)) return { signal: reader.signal('--reload', text) };
  if (text.trim() === '') reader.problems.push('--reload must be a signal such as SIGUSR2, or a command');
  return { command: ['/bin/sh', '-c', text], name: 'the command of --reload' };
}
