import { beforeAll, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { requireTool } from '../../scripts/find-tools.mjs';
import { ApmReceiver } from '../support/apm-receiver.js';
import { Program } from '../support/process/program.js';
import { codeBlocks } from '../unit/docs/markdown.js';
import { installInto, pack, run } from './consumer.js';

const INSTALLATION_MS = 500_000;
const RUN_MS = 60_000;

/** What an agent has recorded of the request that ends in the drain. */
interface Recording {
  readonly name: string;
  readonly vendor: 'sentry' | 'datadog' | 'newrelic';
  /** A part of the URL that it is sent to. */
  readonly url: string;
  readonly content: RegExp;
}

const RECORDINGS: readonly Recording[] = [
  {
    name: 'a span of Sentry',
    vendor: 'sentry',
    url: '/envelope',
    content: /"type":"span".*"name":"GET \/slow"/s,
  },
  { name: 'a trace of Datadog', vendor: 'datadog', url: '/traces', content: /GET \/slow/ },
  { name: 'an event of New Relic', vendor: 'newrelic', url: 'method=analytic_event_data', content: /slow/ },
];

const SENTRY_ERROR: Recording = {
  name: 'an error of Sentry',
  vendor: 'sentry',
  url: '/envelope',
  content: /at the end of a request/,
};

type Platform = 'express' | 'fastify';

/** Tests the recipes of docs/tracing.md with the agents themselves. */
export function testAgents(consumer: string): void {
  let folder: string;

  beforeAll(async () => {
    requireTool('openssl');
    folder = await installInto(consumer, await pack(), 'apm');
    for (const { code } of codeBlocks('docs/tracing.md', 'typescript')) {
      const [, name] = /^\/\/ ([a-z-]+\.ts)\n/.exec(code)!;
      writeFileSync(`${folder}src/${name}`, code);
    }
    await run(folder, 'npm', 'run', 'build');
  }, INSTALLATION_MS);

  /** Shuts an application down while it answers a request; returns what arrived of a recording. */
  async function arrived(
    { vendor, url: target, content }: Recording,
    platform: Platform,
    recipe: 'with' | 'without',
  ): Promise<string[]> {
    await using receiver = await ApmReceiver.start();
    await using program = new Program(vendor, process.execPath, [`dist/${recipe}-${vendor}.js`], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'production',
        PLATFORM: platform,
        ...receiver.environment,
      },
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
    return receiver.bodiesOf(target).filter((body) => content.test(body));
  }

  const platforms: readonly Platform[] = ['express', 'fastify'];
  it.each(
    platforms.flatMap((platform) =>
      [...RECORDINGS, SENTRY_ERROR].map((recording) => ({ platform, recording })),
    ),
  )(
    'with the recipe of the guide, $recording.name arrives ($platform)',
    async ({ platform, recording }) => {
      expect(await arrived(recording, platform, 'with')).toHaveLength(1);
    },
    RUN_MS,
  );

  // An error is sent at once: it may arrive, or not.
  it.each(RECORDINGS)(
    'without the recipe, $name is lost',
    async (recording) => {
      expect(await arrived(recording, 'express', 'without')).toEqual([]);
    },
    RUN_MS,
  );
}
