import { clientsOf } from './clients-of.js';
import { clusterOf } from './cluster-of.js';
import { fleetOf } from './fleet-of.js';
import { FlagReader } from './flag-reader.js';
import type { RehearsalPlan } from '../plan.js';
import type { RehearseFlags } from './flags.js';

export const DEFAULTS = {
  readyTimeoutMs: 60_000,
  graceMs: 30_000,
  lagMs: 1_000,
  durationMs: 2_000,
  timeoutMs: 10_000,
  rate: 50,
  restarts: 1,
} as const;

/**
 * Makes the plan of a rehearsal from the command and the flags.
 *
 * @throws {Error} with everything that is wrong with them
 */
export function planOf(command: readonly string[], flags: RehearseFlags): RehearsalPlan {
  const reader = new FlagReader();
  if (process.platform === 'win32') {
    reader.problems.push('rehearse needs process groups and signals: run it on Linux or macOS');
  }
  if (command.length === 0) {
    reader.problems.push(
      'there is no command: put it after --, as in nestjs-drain rehearse -- node dist/main.js',
    );
  }
  const url = reader.url('--url', flags.url);
  const fleet = fleetOf(flags, reader);
  const cluster = clusterOf(command, flags, reader);
  const { rate, ...clients } = clientsOf(flags, reader);
  const plan: RehearsalPlan = {
    command,
    ...(url && { url }),
    ...(flags.ready !== undefined && { ready: readyOf(flags.ready, reader) }),
    readyTimeoutMs: reader.duration('--ready-timeout', flags['ready-timeout'], DEFAULTS.readyTimeoutMs),
    signal: reader.signal('--signal', flags.signal ?? 'SIGTERM'),
    graceMs: reader.duration('--grace', flags.grace, DEFAULTS.graceMs),
    lagMs: reader.duration('--lag', flags.lag, DEFAULTS.lagMs),
    durationMs: reader.duration('--duration', flags.duration, DEFAULTS.durationMs),
    rate: reader.number('--rate', flags.rate, rate ?? DEFAULTS.rate, false),
    timeoutMs: reader.duration('--timeout', flags.timeout, DEFAULTS.timeoutMs),
    restarts: reader.number('--restarts', flags.restarts, DEFAULTS.restarts, true),
    ...(fleet && { fleet }),
    ...(cluster && { cluster }),
    ...clients,
  };
  if (reader.problems.length > 0) throw new Error(reader.problems.join('; '));
  return plan;
}

function readyOf(text: string, reader: FlagReader): string {
  if (!text.startsWith('/')) reader.url('--ready', text);
  else reader.paths('--ready', [text]);
  return text;
}
