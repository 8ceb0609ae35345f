import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { launchBrowser } from '../support/browser.js';
import { FirstReady } from '../support/http/first-ready.js';
import { start, type Program } from '../support/process/program.js';
import type { Browser } from 'puppeteer-core';

const STEPS = 30;

let folder: string;
let browser: Browser;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'event-streams-'));
  browser = await launchBrowser();
});
afterEach(async () => {
  await browser?.close();
  await rm(folder, { recursive: true });
});

const startInstance = (name: string): Program =>
  start('examples/event-streams/main', {
    env: { NODE_ENV: 'production', PORT: '0', INSTANCE: name, IMPORT_FILE: join(folder, 'import.jsonl') },
  });

const portOf = async (program: Program): Promise<number> =>
  Number((await program.event('listening'))['port']);

it('a page goes on with the second instance where the first has ended, and misses nothing', async () => {
  await using first = startInstance('first');
  await using second = startInstance('second');
  await using balancer = await FirstReady.listen([await portOf(first), await portOf(second)]);
  const page = await browser.newPage();
  await page.goto(`${balancer.url}/import`);
  const state = (wanted: string): Promise<unknown> =>
    page.waitForFunction(`document.getElementById('state').textContent.startsWith('${wanted}')`);

  await page.waitForFunction("document.querySelectorAll('#steps li').length >= 3");
  first.signal('SIGTERM');
  await state('this instance ends');
  expect(await first.exited).toMatchObject({ code: 0 });
  await state('done');

  const seen = await page.$$eval('#steps li', (items) => items.map(({ textContent }) => textContent ?? ''));
  expect(seen.map((text) => text.replace(/,.*/, ''))).toEqual(
    Array.from({ length: STEPS }, (_, index) => `${index + 1} of ${STEPS}`),
  );
  expect([...new Set(seen.map((text) => text.replace(/.*, /, '')))]).toEqual(['by first', 'by second']);
  second.signal('SIGTERM');
  expect(await second.exited).toMatchObject({ code: 0 });
});
