import puppeteer, { type Browser } from 'puppeteer-core';
import { requireTool } from '../../scripts/find-tools.mjs';

/** Starts the Chromium of this machine, without a window. */
export async function launchBrowser(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: requireTool('chromium'),
    // Its own sandbox needs namespaces that containers do not grant.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}
