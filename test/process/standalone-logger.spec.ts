import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, type Program } from '../support/process/program.js';
import type { StandaloneLoggingPlan } from '../fixtures/standalone-logging.js';

type Entry = Readonly<Record<string, unknown>>;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const startLogging = (plan: StandaloneLoggingPlan): Program =>
  start('fixtures/standalone-logging', { env: { LOGGING: JSON.stringify(plan) } });

/** Shuts the program down with a request in flight; returns all that it printed. */
async function shutDown(plan: StandaloneLoggingPlan): Promise<string> {
  await using program = startLogging(plan);
  const { url } = await program.event('listening');
  const answer = fetch(String(url), { headers: { connection: 'close' } });
  await program.event('request');
  program.signal('SIGTERM');
  expect(await (await answer).text()).toBe('done');
  const { code, output } = await program.exited;
  expect(code).toBe(0);
  return output;
}

function entriesIn(log: string): Entry[] {
  const lines = log.split('\n').filter((line) => line.startsWith('{') && !line.startsWith('{"event"'));
  return lines.map((line) => JSON.parse(line) as Entry);
}

const OUTCOME = expect.stringMatching(/^shutdown completed after \d+ ms of 8000 ms; 1 request drained/);

describe('a program without Nest hands its logger over as it is', () => {
  it.each([
    ['pino', 'msg', { level: 30, time: expect.any(Number), pid: expect.any(Number) }],
    ['pino-child', 'msg', { level: 30, module: 'import' }],
    ['winston', 'message', { level: 'info' }],
    ['winston-syslog', 'message', { level: 'info' }],
  ] as const)('lines have their facts beside the message: %s', async (logger, key, own) => {
    const entries = entriesIn(await shutDown({ logger }));

    const common = { ...own, context: 'GracefulShutdown' };
    const [boot, begin, outcome, ...more] = entries.filter(({ level }) => level === own.level);
    expect(more).toEqual([]);
    expect(boot).toMatchObject({
      ...common,
      [key]: expect.stringMatching(/^graceful shutdown on SIGTERM/),
      gracePeriodMs: 8_000,
      found: ['HTTP server'],
    });
    expect(begin).toMatchObject({
      ...common,
      [key]: 'SIGTERM: shutting down within 8000 ms; 1 in flight (HTTP server: 1)',
      signal: 'SIGTERM',
      inFlight: 1,
    });
    expect(outcome).toMatchObject({
      ...common,
      [key]: OUTCOME,
      shutdownStatus: 'completed',
      drained: 1,
      report: { status: 'completed' },
    });
  });

  it('details have the level of details', async () => {
    const details = entriesIn(await shutDown({ logger: 'pino' })).filter(({ level }) => level === 20);

    expect(details).toContainEqual(expect.objectContaining({ msg: expect.stringMatching(/^phases: /) }));
  });

  it.each([
    ['pino', 'msg', 40],
    ['winston', 'message', 'warn'],
    ['winston-syslog', 'message', 'warning'],
  ] as const)('a warning has its level: %s', async (logger, key, level) => {
    await using program = startLogging({ logger, forgets: true });
    await program.printed(/This process also listens.*\n/);

    expect(entriesIn(program.output)).toContainEqual(
      expect.objectContaining({ level, [key]: expect.stringContaining('This process also listens') }),
    );
  });

  it.each(['pino-file', 'winston-file'] as const)('the outcome is the last line of %s', async (logger) => {
    const file = join(folder, 'log');
    await shutDown({ logger, file });

    const last = entriesIn(readFileSync(file, 'utf8')).at(-1)!;
    expect(last['msg'] ?? last['message']).toEqual(OUTCOME);
  });

  it('the outcome is on stderr if winston was ended before', async () => {
    expect(await shutDown({ logger: 'winston', endsEarly: true })).toMatch(
      /^nestjs-drain: shutdown completed after/m,
    );
  });
});
