/**
 * Runs on the far host: one browser that joins by a link, and says each second, a line of JSON at a time, what it sends and
 * receives. Commands come on standard input, a word a line: `share` begins to share the screen, `unshare` stops.
 */
import { createInterface } from 'node:readline';
import { type Browser, launch, type LaunchOptions, type Page } from 'puppeteer-core';
import { CHROMIUM_FLAGS } from '../../demo/check/chromium-flags.ts';
import { FIREFOX_PREFERENCES } from '../../demo/check/firefox-preferences.ts';
import { type PageReport, readReport } from '../../demo/check/page-report.ts';

const [kind, link] = process.argv.slice(2);
if ((kind !== 'firefox' && kind !== 'chromium') || link === undefined)
  throw new Error('usage: browser-main.ts firefox|chromium link');

const TIMEOUT_MS = 90_000;

function optionsFor(browser: 'firefox' | 'chromium'): LaunchOptions {
  const common = { headless: true, acceptInsecureCerts: true, protocolTimeout: TIMEOUT_MS, timeout: TIMEOUT_MS };
  if (browser === 'firefox') {
    return {
      ...common,
      browser: 'firefox',
      executablePath: '/usr/bin/firefox-esr',
      extraPrefsFirefox: {
        ...FIREFOX_PREFERENCES,
        'media.autoplay.blocking_policy': 0,
        'media.gmp-manager.updateEnabled': false,
        'app.update.enabled': false,
      },
    };
  }
  return {
    ...common,
    executablePath: '/usr/bin/chromium',
    pipe: true,
    args: [
      ...CHROMIUM_FLAGS,
      '--no-sandbox',
      '--use-fake-device-for-media-stream=fps=15',
      '--auto-select-desktop-capture-source=Entire screen',
    ],
  };
}

function say(report: PageReport | { kind: 'failed'; message: string }): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

async function obey(page: Page): Promise<void> {
  for await (const word of createInterface({ input: process.stdin })) {
    if (word === 'share' || word === 'unshare') await page.keyboard.press('s');
  }
}

let browser: Browser | undefined;
try {
  browser = await launch(optionsFor(kind));
  const page = await browser.newPage();
  page.on('pageerror', error => process.stderr.write(`page: ${String(error)}\n`));
  page.on('console', message => process.stderr.write(`console: ${message.text().slice(0, 300)}\n`));
  // Firefox's load event may wait for what never ends.
  await page.goto(link, { timeout: TIMEOUT_MS, waitUntil: 'domcontentloaded' });
  await page.waitForSelector('#join:not([disabled])', { timeout: TIMEOUT_MS });
  await page.click('#join');
  const obeying = obey(page);
  // Ends when the test closes our standard input.
  let done = false;
  const ended = obeying.then(() => {
    done = true;
  });
  while (!done) {
    say(await page.evaluate(readReport));
    await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 1_000))]);
  }
} catch (thrown) {
  say({ kind: 'failed', message: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
} finally {
  await browser?.close();
}
