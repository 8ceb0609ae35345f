/// <reference lib="dom" />
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SIDEBAR } from '../../docs/.vitepress/sidebar.js';
import { launchBrowser } from '../support/browser.js';
import { buildSite, type DocsSite } from './docs-site.js';
import { runCommand } from './report-command.js';
import type { Browser, Page } from 'puppeteer-core';
import type { Plan } from '../../src/planning/plan.js';

describe('the documentation site', () => {
  let site: DocsSite;
  let browser: Browser;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    // First, because it fails at once where there is no browser.
    browser = await launchBrowser();
    site = await buildSite();
  }, 240_000);
  afterAll(async () => {
    await browser.close();
    await site[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    problems = [];
    page = await browser.newPage();
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      // A browser asks for the icon.
      if (message.type() === 'error' && !/favicon/.test(message.location().url ?? ''))
        problems.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(site.url) && !/favicon|^data:/.test(request.url()))
        problems.push(request.url());
    });
  });
  afterEach(async () => {
    await page.close();
    if (problems.length > 0) throw new Error(problems.join('\n'));
  });

  const textOf = (selector: string): Promise<string> =>
    page.$eval(selector, (element) => (element as HTMLElement).innerText);
  const fill = async (flag: string, text: string): Promise<void> => {
    await page.click(`input[name="${flag}"]`, { count: 3 });
    await page.keyboard.press('Backspace');
    await page.type(`input[name="${flag}"]`, text);
  };

  it('has no link that leads nowhere', () => {
    expect(site.brokenLinks()).toEqual([]);
  });

  it('has the three parts in its sidebar, and shows each page of them', async () => {
    await page.goto(`${site.url}kubernetes.html`);
    const parts = await page.$$eval('.VPSidebarItem.level-0', (items) =>
      items.map((item) => item.querySelector('h2')?.textContent),
    );
    expect(parts).toEqual(['Guides', 'Operations', 'Reference']);
    for (const { link, text } of SIDEBAR.flatMap(({ items }) => items)) {
      const path = link.endsWith('/') ? link.slice(1) : `${link.slice(1)}.html`;
      const response = await page.goto(site.url + path, { waitUntil: 'domcontentloaded' });
      expect([text, response?.status(), await page.$eval('h1', (title) => title.textContent !== '')]).toEqual(
        [text, 200, true],
      );
    }
  }, 120_000);

  it.each([
    ['an option', 'quietPeriodMs', 'Options'],
    ['a decision', 'GOAWAY', '20. GOAWAY'],
    ['a field of the report', 'announceNeedMs', 'Kubernetes'],
  ])('finds %s', async (_, words, title) => {
    await page.goto(site.url);
    await page.click('#local-search button');
    await page.waitForSelector('.VPLocalSearchBox input');
    await page.type('.VPLocalSearchBox input', words);
    await page.waitForFunction(
      (text) => {
        const results = [...document.querySelectorAll<HTMLElement>('.VPLocalSearchBox .result')];
        const found = results.find((result) => result.textContent.includes(text));
        found?.click();
        return found !== undefined;
      },
      {},
      title,
    );
    await page.waitForSelector('main h1');
    await page.waitForFunction((text) => document.querySelector('main')!.innerText.includes(text), {}, words);
    expect(await textOf('main h1')).toContain(title);
  });

  it('is light or dark, as the system is or the reader chooses', async () => {
    const brightness = (): Promise<number> =>
      page.evaluate(() => Number(/\d+/.exec(getComputedStyle(document.body).backgroundColor)?.[0]));
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
    await page.goto(`${site.url}planner.html`);
    expect(await brightness()).toBeGreaterThan(200);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    await page.reload();
    expect(await brightness()).toBeLessThan(60);
    await page.$eval('.VPSwitchAppearance', (button) => (button as HTMLElement).click());
    await page.waitForFunction(() => !document.documentElement.classList.contains('dark'));
    expect(await brightness()).toBeGreaterThan(200);
  });

  it('is not wider than a phone, on any page of its sidebar', async () => {
    await page.setViewport({ width: 360, height: 740 });
    const tooWide: string[] = [];
    for (const { link } of SIDEBAR.flatMap(({ items }) => items)) {
      await page.goto(`${site.url}${link.endsWith('/') ? link.slice(1) : `${link.slice(1)}.html`}`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > 360) tooWide.push(`${link}: ${width}`);
    }
    expect(tooWide).toEqual([]);
  }, 120_000);

  it('has a planner that computes what the command does', async () => {
    const flags = {
      'probe-period': '5s',
      'failure-threshold': '2',
      'slowest-request': '1m',
      hooks: '7500ms',
      'pre-stop': '4s',
      'drain-timeout': '30s',
      'pod-grace-period': '60s',
    };
    await page.goto(`${site.url}planner.html`);
    await page.waitForSelector('[data-output=manifest]');
    const usual = await runCommand('plan', '--manifest');
    expect(`${(await textOf('[data-output=manifest]')).trim()}\n`).toBe(usual.stdout);

    for (const [flag, text] of Object.entries(flags)) await fill(flag, text);
    const args = Object.entries(flags).map(([flag, text]) => `--${flag}=${text}`);
    const [manifest, json] = await Promise.all([
      runCommand('plan', '--manifest', ...args),
      runCommand('plan', '--json', ...args),
    ]);
    const { warnings, terms, terminationGracePeriodSeconds } = JSON.parse(json.stdout) as Plan;
    expect(terminationGracePeriodSeconds).toBeGreaterThan(60);
    expect(`${(await textOf('[data-output=manifest]')).trim()}\n`).toBe(manifest.stdout);
    expect(await textOf('.total')).toBe(`terminationGracePeriodSeconds: ${terminationGracePeriodSeconds}`);
    expect(await page.$$eval('.warnings p', (all) => all.map((one) => one.textContent))).toEqual(warnings);
    expect(await page.$$eval('.terms b', (all) => all.map((one) => one.textContent))).toEqual(
      terms.map(({ name }) => name),
    );
    const widths = await page.$$eval('.bar .part', (parts) =>
      parts.map((part) => part.getBoundingClientRect().width),
    );
    const longest = terms.reduce((most, { ms }, index) => (ms > terms[most]!.ms ? index : most), 0);
    expect(widths.indexOf(Math.max(...widths))).toBe(longest);
  });

  it('has a planner that says what is wrong, by the label of the field', async () => {
    await page.goto(`${site.url}planner.html`);
    await fill('slowest-request', '25');
    expect(await page.$$eval('.problems p', (all) => all.map((one) => one.textContent))).toEqual([
      'Slowest request is "25": use a number with a unit, such as 25s, 500ms or 2m.',
    ]);
    expect(await page.$('[data-output=manifest]')).toBeNull();
    await fill('slowest-request', '2147480s');
    expect(await textOf('.problems')).toContain('which is longer than a process can wait.');
  });
});
