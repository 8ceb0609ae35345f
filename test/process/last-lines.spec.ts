import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '../support/process/program.js';
import type { LoggingPlan } from '../fixtures/logging-plan.js';

/** How often each logger is tried: chance decides what an exit drops. */
const RUNS = Number(process.env['RUNS'] ?? 1);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Logged {
  readonly code: number | null;
  /** What is in the file of the log. */
  readonly file: string;
  /** What was printed, without the events of the program. */
  readonly output: string;
}

/** Starts the application, shuts it down with a request in flight, and reads what it has logged. */
async function shutDown(
  plan: Omit<LoggingPlan, 'file'>,
  { nest = 12 }: { readonly nest?: 11 | 12 } = {},
): Promise<Logged> {
  const file = join(folder, `${Math.random()}.log`);
  await using program = start('fixtures/logging-main', {
    nest,
    env: { LOGGING: JSON.stringify({ ...plan, file }), NO_COLOR: '1' },
  });
  const { url } = await program.event('listening');
  const response = fetch(`${String(url)}/slow`, { headers: { connection: 'close' } });
  await program.event('request');
  program.signal('SIGTERM');
  await response.then((answer) => answer.text()).catch(() => undefined);
  const { code, output } = await program.exited;
  return { code, file: read(file), output: output.replace(/^\{"event".*\n/gm, '') };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

const OUTCOME = 'shutdown completed after';

const IN_FILES: readonly Omit<LoggingPlan, 'file'>[] = [
  { logger: 'winston-file' },
  { logger: 'winston-file', registered: 'by itself' },
  { logger: 'winston-file', registered: 'end' },
  { logger: 'winston-file', registered: 'function' },
  { logger: 'pino-file' },
  { logger: 'pino-targets' },
  { logger: 'pino-pretty' },
  { logger: 'pino-slow' },
  { logger: 'pino-async' },
  { logger: 'pino-streams' },
  { logger: 'stream' },
  { logger: 'hidden' },
];

const IN_OUTPUT: readonly Omit<LoggingPlan, 'file'>[] = [
  { logger: 'winston-console' },
  { logger: 'winston-console', registered: 'by itself' },
  { logger: 'winston-console', registered: 'end' },
  { logger: 'winston-console', registered: 'function' },
  { logger: 'pino' },
  { logger: 'pino-native' },
  { logger: 'pino-native-options' },
  { logger: 'nest-text' },
  { logger: 'nest-json' },
];

describe('the outcome of a shutdown', () => {
  it.each(IN_FILES)('is the last line of $logger, registered: $registered', async (plan) => {
    for (let run = 0; run < RUNS; run += 1) expectOutcome(await shutDown(plan), 'file');
  });

  it.each(IN_OUTPUT)('is the last line of $logger, registered: $registered, on stdout', async (plan) => {
    for (let run = 0; run < RUNS; run += 1) expectOutcome(await shutDown(plan), 'output');
  });

  it.each(['winston-file', 'pino-file', 'stream'] as const)(
    'is the last line of %s on Nest 11',
    async (logger) => {
      expectOutcome(await shutDown({ logger }, { nest: 11 }), 'file');
    },
  );

  it('is there when the deadline has forced the end', async () => {
    const options = { gracePeriodMs: 1_000 };
    const { file } = await shutDown({ logger: 'winston-file', fault: 'hook hangs', options });

    expect(lastLine(file)).toContain('shutdown forced after');
  });
});

describe('a log that cannot take the outcome', () => {
  it.each(['ended early', 'exits in the drain'] as const)('has it on stderr: %s', async (fault) => {
    const { output } = await shutDown({ logger: 'winston-file', fault });

    expect(output).toMatch(
      fault === 'ended early'
        ? /^nestjs-drain: shutdown completed after/m
        : /^nestjs-drain: the last lines of the log may be missing, because .*\.log has not written them: SIGTERM: interrupted by process\.exit\(3\)/m,
    );
  });

  it('does not keep the process alive, and has it on stderr: a stream that never finishes', async () => {
    const { code, output } = await shutDown({ logger: 'stuck' });

    expect(output).toMatch(
      /^nestjs-drain: the last lines of the log may be missing, because StuckStream has not written them: SIGTERM: completed after/m,
    );
    expect(code).toBe(0);
  });
});

function expectOutcome(logged: Logged, where: 'file' | 'output'): void {
  expect(lastLine(logged[where])).toContain(OUTCOME);
  expect(logged.code).toBe(0);
}
