import { describe, expect, it } from '@jest/globals';
import { start } from '../support/process/program.js';
import type { LoggingPlan } from '../fixtures/logging-plan.js';

/** Shuts the application down with a request in flight, and returns the lines of this package. */
async function linesOf(
  logger: LoggingPlan['logger'],
  nest: 11 | 12,
  options: LoggingPlan['options'] = {},
): Promise<string[]> {
  const plan: LoggingPlan = { logger, file: '', options };
  await using program = start('fixtures/logging-main', { nest, env: { LOGGING: JSON.stringify(plan) } });
  const { url } = await program.event('listening');
  const response = fetch(`${String(url)}/slow`, { headers: { connection: 'close' } });
  await program.event('request');
  program.signal('SIGTERM');
  await (await response).text();
  const { output } = await program.exited;
  return output.split('\n').filter((line) => line.includes('GracefulShutdown') && !line.includes('depend'));
}

const BEGIN = 'SIGTERM: shutting down within 8000 ms; 1 in flight (HTTP server: 1)';
const OUTCOME = expect.stringMatching(
  /^shutdown completed after \d+ ms of 8000 ms; 1 request drained; slowest: .+ in \w+, \d+ ms$/,
);
const BOOT = expect.stringMatching(
  /^graceful shutdown on SIGTERM, SIGINT.*; within 8000 ms; not announced; routes \/readyz, \/healthz; found HTTP server$/,
);

describe.each([12, 11] as const)('the lines of a clean shutdown (Nest %i)', (nest) => {
  it.each([
    ['nest-json', { level: 'log', timestamp: expect.any(Number), pid: expect.any(Number) }, 'message'],
    ['pino', { level: 30, time: expect.any(Number), hostname: expect.any(String) }, 'msg'],
    ['pino-native', { level: 30, time: expect.any(Number), hostname: expect.any(String) }, 'msg'],
    ['pino-native-options', { level: 'log', timestamp: expect.any(Number) }, 'message'],
    ['winston-console', { level: 'info' }, 'message'],
  ] as const)('are three with their fields beside the message: %s', async (logger, own, key) => {
    const lines = await linesOf(logger, nest);

    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const [boot, begin, outcome, ...more] = entries.filter(({ level }) => level === own.level);
    expect(more).toEqual([]);
    const common = { ...own, context: 'GracefulShutdown' };
    expect(boot).toMatchObject({ ...common, [key]: BOOT, gracePeriodMs: 8_000, found: ['HTTP server'] });
    expect(begin).toMatchObject({
      ...common,
      [key]: BEGIN,
      reason: 'signal',
      signal: 'SIGTERM',
      inFlight: 1,
    });
    expect(outcome).toMatchObject({
      ...common,
      [key]: OUTCOME,
      shutdownStatus: 'completed',
      signal: 'SIGTERM',
      drained: 1,
      cuts: 0,
      report: { status: 'completed' },
    });
    const numbers = JSON.stringify(entries).match(/"[a-zA-Z]+Ms":[^,}]+/g);
    expect(numbers!.filter((number) => !/:\d+$/.test(number))).toEqual([]);
  });

  it('are text without the report for a logger that writes text, and the phases are a detail', async () => {
    const lines = await linesOf('nest-text', nest);

    const texts = lines.map((line) => /\b(LOG|DEBUG) \[GracefulShutdown\] (.*)$/.exec(line)?.slice(1));
    expect(texts).toEqual([
      ['LOG', BOOT],
      ['LOG', BEGIN],
      ['DEBUG', expect.stringMatching(/^phases: announce \d+ ms, quiesce \d+ ms, drain \d+ ms, release/)],
      ['LOG', OUTCOME],
    ]);
  });

  it('have no details without logProgress', async () => {
    const lines = await linesOf('nest-text', nest, { logProgress: false });

    expect(lines.filter((line) => line.includes('DEBUG'))).toEqual([]);
    expect(lines).toHaveLength(3);
  });

  it('have the colours of their level', async () => {
    const lines = await linesOf('nest-colors', nest);

    // Green, as every line at level log.
    expect(lines[1]).toContain(`\u001B[32m${BEGIN}\u001B[39m`);
  });
});
