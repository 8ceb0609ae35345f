import { describe, expect, it } from '@jest/globals';
import { MARGIN_MS } from '../../../src/config/budget.js';
import { readEnvironment } from '../../../src/config/environment.js';
import { resolveOptions } from '../../../src/config/resolve-options.js';
import { LifetimeEvent, PHASES } from '../../../src/core/phase.js';
import { exitCodeFor, signalExitCode } from '../../../src/process/exit-code.js';
import { BLOCKED_EXIT_CODE } from '../../../src/process/watchdog-thread.js';
import { read, section, tableRows } from './markdown.js';
import type { ShutdownReport, ShutdownStatus } from '../../../src/core/report.js';

function reportWith(status: ShutdownStatus): ShutdownReport {
  return {
    version: 2,
    status,
    reason: { kind: 'signal', signal: 'SIGTERM' },
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 0,
    gracePeriodMs: 0,
    remainingMs: 0,
    releaseReserveMs: 0,
    phases: [],
    participants: [],
    cuts: [],
    pending: [],
    inFlight: [],
    statistics: {},
    activeResources: {},
  };
}

describe.each(['README.md', 'docs/shutdown.md'])('%s', (path) => {
  it('has the phases in their order', () => {
    const rows = tableRows(section(path, 'The phases'));
    expect(rows.map(([phase]) => phase)).toEqual(PHASES.map((phase) => `\`${phase}\``));
  });
});

describe('docs/shutdown.md', () => {
  it('has the exit codes that a shutdown can end with', () => {
    const rows = tableRows(section('docs/shutdown.md', 'Exit codes'));
    const codes = (['completed', 'failed', 'forced'] as const).map((status) =>
      exitCodeFor(reportWith(status)),
    );
    const inOrder = [...codes, BLOCKED_EXIT_CODE].toSorted((one, other) => one - other);
    expect(rows.map(([code]) => code)).toEqual([...inOrder.map(String), '128 + n']);
    expect(rows.at(-1)?.[1]).toContain(
      `${signalExitCode('SIGTERM')} for SIGTERM, ${signalExitCode('SIGINT')} for SIGINT`,
    );
  });

  it('names every lifetime event', () => {
    for (const event of Object.values(LifetimeEvent))
      expect(read('docs/shutdown.md')).toContain(`LifetimeEvent.${event}`);
  });
});

/** The first number of seconds in a text, in milliseconds. */
function secondsIn(text: string): number {
  return Number(/(\d+(?:\.\d+)?)\s?s\b/.exec(text)?.[1]) * 1_000;
}

describe('docs/platforms.md', () => {
  const rows = tableRows(read('docs/platforms.md')).filter(([, , , , what]) => what?.includes('='));

  it.each(rows)('leaves the margin free on %s', (_platform, _signal, granted, _where, what) => {
    const [, seconds] = /`GRACEFUL_SHUTDOWN_TIMEOUT=(\d+)`/.exec(what!) ?? [];
    expect(Number(seconds) * 1_000).toBe(secondsIn(granted!) - MARGIN_MS);
  });

  it.each([
    ['Docker', /stop_grace_period: (\d+)s/, 1_000],
    ['Amazon ECS', /"stopTimeout": (\d+)/, 1_000],
    ['PM2', /kill_timeout: ([\d_]+)/, 1],
    ['systemd', /TimeoutStopSec=(\d+)/, 1_000],
  ])('leaves the margin free in the example for %s', (heading, setting, unitMs) => {
    const all = read('docs/platforms.md');
    const text = all
      .slice(all.indexOf(`\n## ${heading}\n`))
      .split('\n## ', 2)
      .join('');
    const grantedMs = Number(setting.exec(text)?.[1]?.replace('_', '')) * unitMs;
    const [, seconds] = /GRACEFUL_SHUTDOWN_TIMEOUT\W+(?:value\W+)?(\d+)/.exec(text) ?? [];
    expect(Number(seconds) * 1_000).toBe(grantedMs - MARGIN_MS);
  });

  it('tells what is assumed where nothing is set', () => {
    const { gracePeriodMs } = resolveOptions({}, readEnvironment({}));
    expect(read('docs/platforms.md')).toContain(
      `assumes ${gracePeriodMs / 1_000} seconds outside of Kubernetes`,
    );
  });
});

describe('docs/troubleshooting.md', () => {
  it('shows the error of wrong options as it is', () => {
    const options = { gracePeriodMs: 30_000, anounceDelayMs: 5 };
    const environment = readEnvironment({ TERMINATION_GRACE_PERIOD_SECONDS: '30' });
    let message = '';
    try {
      resolveOptions(options, environment);
    } catch (error) {
      message = String(error);
    }
    expect(message).not.toBe('');
    expect(read('docs/troubleshooting.md')).toContain(message);
  });
});
