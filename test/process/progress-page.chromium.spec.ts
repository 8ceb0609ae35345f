/// <reference lib="dom" />
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { launchBrowser } from '../support/browser.js';
import { startApplication } from '../support/process/application.js';
import { freePort } from '../support/services/server.js';
import type { Browser, Page } from 'puppeteer-core';
import type { Program } from '../support/process/program.js';

describe.each([12, 11] as const)('the progress page, on Nest %i', (nest) => {
  let browser: Browser;
  let page: Page;
  let problems: string[];
  let port: number;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    port = await freePort();
    problems = [];
    page = await browser.newPage();
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      // The process has ended, or a browser asks for its icon.
      if (!/ERR_|favicon|404/.test(message.text())) problems.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`http://127.0.0.1:${port}/`)) problems.push(request.url());
    });
  });
  afterEach(() => page.close());

  const startProgram = async (): Promise<Program> => {
    const options = { gracePeriodMs: 20_000, announceDelayMs: 0, management: { port } };
    const program = startApplication({ options, faults: ['drain-waits'] }, { nest });
    await program.event('listening');
    return program;
  };
  const text = (selector: string): Promise<string> =>
    page.$eval(selector, (element) => (element as HTMLElement).innerText);
  const shows = (selector: string, part: string): Promise<unknown> =>
    page.waitForFunction(
      (where, what) => (document.querySelector(where) as HTMLElement).innerText.includes(what),
      {},
      selector,
      part,
    );

  it('follows a shutdown to its end, and runs nothing but its own script', async () => {
    await using program = await startProgram();
    await page.goto(`http://127.0.0.1:${port}/progress`);
    await shows('#title', 'Running');

    program.signal('SIGTERM');
    await program.event('draining');
    await shows('#title', 'Shutting down: SIGTERM');
    await shows('ol .current', 'drain');
    await shows('#pending', 'what a drain waits for in drain');
    // The time that is left goes on without events.
    await page.waitForFunction(() =>
      /^1\d\.\d s of 20\.0 s left$/.test((document.querySelector('#left-text') as HTMLElement).innerText),
    );
    expect(await page.$$eval('ol .past', (phases) => phases.map((phase) => phase.textContent))).toEqual([
      'announce',
      'quiesce',
    ]);

    program.signal('SIGURG');
    await program.exited;
    await page.waitForFunction(() => document.querySelector('#note')!.textContent !== '');
    expect(await text('#note')).toMatch(/^The (shutdown is over|process has ended)\.$/);
    expect(problems).toEqual([]);
  });

  it('is not wider than a phone', async () => {
    await using program = await startProgram();
    program.signal('SIGTERM');
    await program.event('draining');
    await page.setViewport({ width: 360, height: 800 });
    await page.goto(`http://127.0.0.1:${port}/progress`);
    await shows('#pending', 'what a drain waits for');

    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    program.signal('SIGURG');
    await program.exited;
  });
});
