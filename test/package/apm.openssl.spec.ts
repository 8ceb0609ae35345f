import { beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { requireTool } from '../../scripts/find-tools.mjs';
import { ApmReceiver } from '../support/apm-receiver.js';
import { Program } from '../support/process/program.js';
import { codeBlocks } from '../unit/docs/markdown.js';
import { installInto, pack, run } from './consumer.js';

const INSTALLATION_MS = 300_000;
const RUN_MS = 60_000;

let folder: string;

beforeAll(async () => {
  requireTool('openssl');
  folder = await installInto('apm', await pack());
  for (const { code } of codeBlocks('docs/tracing.md', 'typescript')) {
    const [, name] = /^\/\/ ([a-z-]+\.ts)\n/.exec(code)!;
    writeFileSync(`${folder}src/${name}`, code);
  }
  await run(folder, 'npm', 'run', 'build');
}, INSTALLATION_MS);

/** Shuts an application down while it answers a request; resolves when it has exited. */
async function shutDownUnderWork(vendor: string, receiver: ApmReceiver): Promise<void> {
  await using program = new Program(vendor, process.execPath, [`dist/with-${vendor}.js`], {
    cwd: folder,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...receiver.environment },
  });
  const { url } = await program.event('listening');
  await receiver.connected(vendor);
  const slow = fetch(`${String(url)}/slow`);
  await program.event('in-flight');
  program.signal('SIGTERM');
  await program.printed(/SIGTERM: shutting down/);
  program.signal('SIGURG');

  expect((await slow).status).toBe(200);
  expect(await program.exited).toMatchObject({ code: 0, signal: null });
}

describe('what an agent has recorded of a request that ends in the drain arrives, with the recipe of the guide', () => {
  it(
    'Sentry: its span and an error',
    async () => {
      await using receiver = await ApmReceiver.start();

      await shutDownUnderWork('sentry', receiver);

      const envelopes = receiver.bodiesOf('/envelope');
      expect(envelopes).toContainEqual(expect.stringContaining('at the end of a request'));
      expect(envelopes).toContainEqual(expect.stringMatching(/"type":"span".*"name":"GET \/slow"/s));
    },
    RUN_MS,
  );

  it(
    'Datadog: its trace',
    async () => {
      await using receiver = await ApmReceiver.start();

      await shutDownUnderWork('datadog', receiver);

      expect(receiver.bodiesOf('/traces')).toContainEqual(expect.stringContaining('GET /slow'));
    },
    RUN_MS,
  );

  it(
    'New Relic: its event',
    async () => {
      await using receiver = await ApmReceiver.start();

      await shutDownUnderWork('newrelic', receiver);

      expect(receiver.bodiesOf('method=analytic_event_data')).toContainEqual(expect.stringContaining('slow'));
    },
    RUN_MS,
  );
});
