import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { launch, type Page } from 'puppeteer-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A page in a browser of its own, which ends with it. */
export interface BrowserPage extends AsyncDisposable {
  readonly page: Page;
}

/**
 * Opens a page in a headless browser.
 *
 * @throws when this machine has no browser; the message says what to install
 */
export async function openPage(url: string): Promise<BrowserPage> {
  const browser = await launch({
    executablePath: findChromium(),
    // As root, as in most containers, it does not run otherwise; it loads nothing but pages of ours.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
  const page = await browser.newPage();
  await page.goto(url);
  return { page, [Symbol.asyncDispose]: () => browser.close() };
}

function findChromium(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    `this test needs a browser, and there is none of ${NAMES.join(', ')} in PATH. ` +
      'Install Chromium: apt-get install chromium on Debian, or see https://www.chromium.org/getting-involved/download-chromium.',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
