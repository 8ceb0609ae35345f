/// <reference lib="dom" />
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SAMPLE_REPORT } from '../unit/core/sample-report.js';
import { launchBrowser } from '../support/browser.js';
import { runCommand } from './report-command.js';
import type { Browser, Page } from 'puppeteer-core';
import type { ShutdownReport } from '../../src/core/report.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the page', () => {
  let browser: Browser;
  let page: Page;
  let problems: string[];
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });
  beforeEach(async () => {
    problems = [];
    page = await browser.newPage();
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('dialog', () => problems.push('a dialog'));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) problems.push(request.url());
    });
  });
  afterEach(() => page.close());

  async function open(report: ShutdownReport): Promise<void> {
    const file = join(folder, 'report.json');
    writeFileSync(file, JSON.stringify(report));
    await runCommand('report', file);
    await page.goto(pathToFileURL(join(folder, 'report.html')).href);
  }

  it('draws every phase and participant to scale, under its name, and tells what went wrong', async () => {
    await open(SAMPLE_REPORT);

    const bars = await page.$$eval('svg[aria-label^=Timeline] rect', (rects) =>
      rects.map((rect) => {
        const { left, width } = rect.getBoundingClientRect();
        return { name: rect.parentElement!.querySelector('text')!.textContent, left, width };
      }),
    );
    expect(bars.map(({ name }) => name)).toEqual([
      'announce',
      'drain',
      'HTTP server',
      'release',
      'KafkaConsumer.onModuleDestroy',
    ]);
    const [announce, drain, server, release] = bars;
    // 5 s, 18 s, and 5 s behind one another.
    expect(drain!.width / announce!.width).toBeCloseTo(18 / 5, 1);
    expect(drain!.left - announce!.left).toBeCloseTo(announce!.width, 0);
    expect([server!.left, server!.width]).toEqual([drain!.left, drain!.width]);
    expect(release!.left - drain!.left).toBeCloseTo(drain!.width, 0);
    const text = await page.$eval('body', (body) => body.innerText);
    for (const part of [
      'SIGTERM: forced by deadline after 28000 ms of 28000 ms',
      'After SIGTERM, the shutdown was forced by its deadline after 28 s of its 28 s: 2 pieces of work were cut and 1 step had not finished.',
      '3210 ms after the trigger; announced for 5000 ms',
      'pending: KafkaConsumer.onModuleDestroy in release for 5000 ms',
      'abandoned: KafkaConsumer.onModuleDestroy in release',
      'cut: request GET /export after 19000 ms',
      'open 0, retired 41, late 3',
      '2 TCPSocketWrap',
    ]) {
      expect(text).toContain(part);
    }
    expect(problems).toEqual([]);
  });

  it('draws the grace period, and what was in flight on the scale of the timeline', async () => {
    await open({ ...SAMPLE_REPORT, remainingMs: 7_000 });

    const widthOf = (selector: string): Promise<number> =>
      page.$eval(selector, (element) => element.getBoundingClientRect().width);
    const grace = await widthOf('.budget .left');
    expect((await widthOf('.budget .used')) / grace).toBeCloseTo(21 / 28, 2);
    const edges = (selector: string): Promise<number[]> =>
      page.$$eval(selector, (elements) => {
        const boxes = elements.map((element) => element.getBoundingClientRect());
        return [Math.min(...boxes.map(({ left }) => left)), Math.max(...boxes.map(({ right }) => right))];
      });
    const [left, right] = await edges('.area');
    const [from, to] = await edges('svg[aria-label^=Timeline] rect');
    expect(left).toBeCloseTo(from!, 0);
    expect(right).toBeCloseTo(to!, 0);
    expect(await page.$eval('svg[aria-label*="in flight"]', (svg) => svg.textContent)).toContain(
      'at most 44',
    );
  });

  it('is printed in black on white, whatever the screen is', async () => {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    await open(SAMPLE_REPORT);
    await page.emulateMediaType('print');

    const [ground, text] = await page.evaluate(() => {
      const { backgroundColor, color } = getComputedStyle(document.body);
      return [backgroundColor, color];
    });
    expect([luminance(ground!), luminance(text!)]).toEqual([1, 0]);
    expect((await page.pdf()).length).toBeGreaterThan(1_000);
  });

  it.each(['light', 'dark'])('can be read in %s', async (scheme) => {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await open(SAMPLE_REPORT);

    const [ground, ...colours] = await page.evaluate(() => {
      const ofStyle = (selector: string, property: string): string =>
        getComputedStyle(document.querySelector(selector)!).getPropertyValue(property);
      return [
        ofStyle('body', 'background-color'),
        ofStyle('body', 'color'),
        ofStyle('dt', 'color'),
        ofStyle('svg .phase text', 'fill'),
        ofStyle('svg .tick text', 'fill'),
      ];
    });
    // What WCAG asks of text.
    for (const colour of colours) expect(contrast(colour, ground!)).toBeGreaterThan(4.5);
    expect(luminance(ground!) > 0.5).toBe(scheme === 'light');
  });

  it('is not wider than the window', async () => {
    for (const width of [1_200, 400]) {
      await page.setViewport({ width, height: 800 });
      await open(SAMPLE_REPORT);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
  });

  it('is not at the mercy of names', async () => {
    const evil = `"'><script>alert(1)</script><img src="http://127.0.0.1:9/x" onerror=alert(2)>`;
    await open({
      ...SAMPLE_REPORT,
      reason: { kind: 'manual', message: evil },
      forcedBy: evil,
      participants: [
        { name: evil, phase: 'drain', outcome: 'failed', error: evil, startedMs: 0, durationMs: 1 },
      ],
      pending: [{ name: evil, phase: 'drain', ageMs: 1, registeredAt: evil }],
      statistics: { [evil]: { [evil]: 1 } },
      activeResources: { [evil]: 1 },
    });
    expect(await page.$$('script, img')).toEqual([]);
    expect(await page.$eval('h1', (heading) => heading.textContent)).toContain(evil);
    expect(problems).toEqual([]);
  });
});

/** How bright a colour such as `rgb(1, 2, 3)` is, from 0 to 1: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map((text) => {
    const share = Number(text) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}
