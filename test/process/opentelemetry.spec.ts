import { describe, expect, it } from '@jest/globals';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { start } from '../support/process/program.js';

const SERVER = 2;
const REQUESTS = 20;

interface Case {
  readonly when: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly preload?: readonly string[];
  readonly nest?: 11 | 12;
}

const API_HOOK = ['--import', './dist-test/support/process/otel-api.js'];

const CASES: readonly Case[] = [
  { when: 'with the zero-code start, which shuts the SDK down at SIGTERM' },
  { when: 'with the zero-code start on Nest 11', nest: 11 },
  { when: 'when a listener of the program shuts it down and exits', env: { SHUT_DOWN_IN: 'listener' } },
  { when: 'when a hook shuts it down', env: { SHUT_DOWN_IN: 'hook' } },
  {
    when: 'when the API of this package is newer than that of the SDK',
    env: { OTEL_API: 'otel-api-1.10' },
    preload: API_HOOK,
  },
  {
    when: 'when the API of this package is older than that of the SDK',
    env: { OTEL_API: 'otel-api-1.3' },
    preload: API_HOOK,
  },
  {
    when: 'on API 1.10, in two builds',
    env: { OTEL_API: 'otel-api-1.10', OTEL_API_FOR: 'all' },
    preload: API_HOOK,
  },
  { when: 'on API 1.3', env: { OTEL_API: 'otel-api-1.3', OTEL_API_FOR: 'all' }, preload: API_HOOK },
];

describe('telemetry of a drained application', () => {
  it.each(CASES)('arrives completely $when', async ({ env = {}, preload = [], nest = 12 }) => {
    await using receiver = await OtlpReceiver.start();
    await using program = start('fixtures/traced', {
      env: { NODE_ENV: 'production', ...receiver.environment, ...env },
      execArgv: [...preload, '--require', '@opentelemetry/auto-instrumentations-node/register'],
      nest,
    });
    const { url } = await program.event('ready');
    const answers = Array.from({ length: REQUESTS }, () => fetch(`${url as string}/slow`));
    await program.event('working', ({ requests }) => requests === REQUESTS);

    program.signal('SIGTERM');

    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(REQUESTS).fill(200));
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(receiver.spans.filter(({ kind }) => kind === SERVER)).toHaveLength(REQUESTS);
    expect(receiver.metrics).toBeGreaterThan(0);
    const root = receiver.spans.find(({ name }) => name === 'graceful shutdown')!;
    const phases = receiver.spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
    expect(phases.map(({ name }) => name)).toEqual(['announce', 'quiesce', 'drain', 'release']);
  });
});
