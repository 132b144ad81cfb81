/** Call pages of several people in one Chromium, here or on another host. */
import { type Browser, type KeyInput, launch, type Page } from 'puppeteer-core';
import { CHROMIUM_FLAGS } from './chromium-flags.ts';
import { type PageReport, readReport } from './page-report.ts';

const TIMEOUT_MS = 90_000;

export interface CallPagesOptions {
  /** Put before the browser's command, such as ['ip', 'netns', 'exec', 'far']. */
  prefix?: readonly string[];
  /** Where the call page is, if that is not loopback: plain http, which browsers give no camera otherwise. */
  origin?: string;
  /** Closes the browser: whatever is waited for rejects. */
  signal?: AbortSignal;
}

export class CallPages {
  readonly #browser: Browser;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => {
    this.#browser.close().catch(() => undefined);
  };

  private constructor(browser: Browser, signal: AbortSignal | undefined) {
    this.#browser = browser;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
    if (signal?.aborted === true) this.#abort();
  }

  static async open({ prefix = [], origin, signal }: CallPagesOptions = {}): Promise<CallPages> {
    signal?.throwIfAborted();
    const browser = await launch({
      // All arguments are ours: the first of them say what runs the browser.
      executablePath: '/usr/bin/env',
      ignoreDefaultArgs: true,
      // The browser ends when the pipe does, so also when this process is killed.
      pipe: true,
      args: [
        ...prefix,
        '/usr/bin/chromium',
        '--headless=new',
        '--no-sandbox',
        ...CHROMIUM_FLAGS,
        '--use-fake-device-for-media-stream=fps=15',
        '--window-size=720,520',
        ...(origin === undefined ? [] : [`--unsafely-treat-insecure-origin-as-secure=${origin}`]),
      ],
      defaultViewport: { width: 720, height: 520 },
      protocolTimeout: TIMEOUT_MS,
      timeout: TIMEOUT_MS,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    return new CallPages(browser, signal);
  }

  /** Opens the page of a link and joins. Each page is somebody of its own. */
  async join(link: string): Promise<CallPage> {
    const context = await this.#browser.createBrowserContext();
    const page = await context.newPage();
    await page.goto(link, { timeout: TIMEOUT_MS, waitUntil: 'domcontentloaded' });
    await page.waitForSelector('#join:not([disabled])', { timeout: TIMEOUT_MS });
    await page.click('#join');
    return new CallPage(page);
  }

  /** What this browser can send pictures in: `video/H264`… */
  async sendableCodecs(): Promise<string[]> {
    const page = await this.#browser.newPage();
    try {
      const known = await page.evaluate(() => RTCRtpSender.getCapabilities('video')?.codecs ?? []);
      return known.map(({ mimeType }) => mimeType);
    } finally {
      await page.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#abort);
    return this.#browser.close();
  }
}

export class CallPage {
  readonly #page: Page;
  /** As it was read last. */
  report: PageReport | undefined;

  constructor(page: Page) {
    this.#page = page;
  }

  async read(): Promise<PageReport> {
    this.report = await this.#page.evaluate(readReport);
    return this.report;
  }

  /** Asks for another size, in px, than the drawn one. */
  async wantSize(streamId: string, trackId: string, width: number, height: number): Promise<void> {
    await this.#page.evaluate((...wanted) => window.weir.wantSize(...wanted), streamId, trackId, width, height);
  }

  /** Under which name the page asks relays for a place now; `undefined` where the homeserver has none. */
  async turnUsername(): Promise<string | undefined> {
    return this.#page.evaluate(
      () =>
        window.weir
          .peerConnections()[0]
          ?.getConfiguration()
          .iceServers?.find(({ username }) => username)?.username,
    );
  }

  /** Keeps a key down: `Space`… */
  async hold(key: KeyInput): Promise<void> {
    // Pages of one browser would take the keyboard from each other, and let go where they lose it.
    await this.#page.emulateFocusedPage(true);
    await this.#page.keyboard.down(key);
  }

  async letGo(key: KeyInput): Promise<void> {
    await this.#page.keyboard.up(key);
  }

  /** Presses a key for a moment: `l`, `Escape`… */
  async press(key: KeyInput): Promise<void> {
    await this.#page.emulateFocusedPage(true);
    await this.#page.keyboard.press(key);
  }

  /** Picks in a list. */
  async pick(selector: string, value: string): Promise<void> {
    await this.#page.select(selector, value);
  }

  /** Loads the page anew, and joins again. */
  async reload(): Promise<void> {
    await this.#page.reload({ timeout: TIMEOUT_MS, waitUntil: 'domcontentloaded' });
    await this.#page.waitForSelector('#join:not([disabled])', { timeout: TIMEOUT_MS });
    await this.#page.click('#join');
  }

  async click(selector: string): Promise<void> {
    await this.#page.click(selector);
  }

  /** What stands in the first such element; `undefined` where there is none. */
  text(selector: string): Promise<string | undefined> {
    return this.#page.evaluate(wanted => document.querySelector(wanted)?.textContent, selector);
  }

  /** A property of each such element, as text. */
  properties(selector: string, name: string): Promise<string[]> {
    const read = (wanted: string, property: string): string[] =>
      [...document.querySelectorAll(wanted)].map(element => String(Reflect.get(element, property)));
    return this.#page.evaluate(read, selector, name);
  }

  /** Leaves, as who closes the tab does. */
  async close(): Promise<void> {
    await this.#page.browserContext().close();
  }
}
