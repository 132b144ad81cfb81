import type { Page } from 'puppeteer-core';

/** A browser whose pages call. */
export interface CallBrowser {
  /** A page with a storage of its own. */
  openPage(): Promise<Page>;
  /** The process of a page's scripts, where the browser tells. */
  processOf(page: Page): Promise<number | undefined>;
}
