import { setTimeout as delay } from 'node:timers/promises';
import { type Browser, launch, type Page } from 'puppeteer-core';

/** A name that browsers take for secure, as cameras need it; nothing is asked of the network. */
const BLANK_URL = 'http://localhost/blank';
const ANSWERS_WITHIN_MS = 60_000;
const CLOSES_WITHIN_MS = 5_000;
const FRAMES_PER_SECOND = 15;

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--mute-audio',
  `--use-fake-device-for-media-stream=fps=${FRAMES_PER_SECOND}`,
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  // Chromium would hide loopback addresses behind mDNS names, which nothing here resolves.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  // At 640x360 Chromium would leave out the last of three layers, whichever that is.
  '--force-fieldtrials=WebRTC-LegacySimulcastLayerLimit/Disabled/',
  // Pages in the background are peers like the others.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

export interface LoadBrowserOptions {
  /** `/usr/bin/chromium` unless given. */
  executablePath?: string;
  /** Beside those of its own. */
  flags?: readonly string[];
}

/** One Chromium for all pages of a process. Every page has a context, so a renderer process, of its own. */
export class LoadBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start({
    executablePath = '/usr/bin/chromium',
    flags = [],
  }: LoadBrowserOptions = {}): Promise<LoadBrowser> {
    const browser = await launch({
      executablePath,
      headless: true,
      // The browser ends when the pipe does, so also when this process is killed.
      pipe: true,
      args: [...FLAGS, ...flags, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
      protocolTimeout: ANSWERS_WITHIN_MS,
      // Interrupts are for whoever starts it.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    return new LoadBrowser(browser);
  }

  /** Its process; undefined once it has ended. */
  pid(): number | undefined {
    return this.#browser.process()?.pid;
  }

  /** A secure page with nothing on it. Whoever takes it closes its context. */
  async blankPage(): Promise<Page> {
    const context = await this.#browser.createBrowserContext();
    const page = await context.newPage();
    await page.setRequestInterception(true);
    page.once('request', request => {
      request.respond({ contentType: 'text/html', body: '<!doctype html><title>peer</title>' }).catch(() => undefined);
    });
    await page.goto(BLANK_URL);
    await page.setRequestInterception(false);
    return page;
  }

  async close(): Promise<void> {
    const closed = this.#browser.close().then(() => true);
    const late = delay(CLOSES_WITHIN_MS, false, { ref: false });
    if (!(await Promise.race([closed.catch(() => false), late]))) this.#browser.process()?.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
