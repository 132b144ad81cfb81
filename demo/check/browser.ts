import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page, Viewport } from 'puppeteer-core';

/** CSS px: tiles of up to four people ask for the highest layer, and the (software) compositor has little to paint. */
export const WINDOW: Viewport = { width: 720, height: 520 };
const CLOSES_WITHIN_MS = 5_000;

/** A browser whose pages call. */
export interface CallBrowser {
  /** A page with a storage of its own. */
  openPage(): Promise<Page>;
  /** The process of a page's scripts, where the browser tells. */
  processOf(page: Page): Promise<number | undefined>;
}

export async function versionOf(browser: Browser): Promise<string> {
  return (await browser.version()).replace(/^.*\//, '');
}

/** In `CLOSES_WITHIN_MS`, or by force. */
export async function closeBrowser(browser: Browser): Promise<void> {
  const closed = browser.close().then(() => true);
  const late = delay(CLOSES_WITHIN_MS, false, { ref: false });
  if (!(await Promise.race([closed.catch(() => false), late]))) browser.process()?.kill('SIGKILL');
}
