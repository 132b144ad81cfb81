import { type Browser, launch, type Page } from 'puppeteer-core';
import { Failure } from '../../setup/failure.mjs';
import { type CallBrowser, closeBrowser, versionOf, WINDOW } from './browser.ts';
import { FIREFOX_PREFERENCES } from './firefox-preferences.ts';

const EXECUTABLE = '/usr/bin/firefox-esr';
/** On a busy machine it takes its time. */
const STARTS_WITHIN_MS = 120_000;
const ANSWERS_WITHIN_MS = 60_000;

/** One Firefox for all its pages, each in a container of its own. */
export class Firefox implements CallBrowser, AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(signal: AbortSignal, window = WINDOW): Promise<Firefox> {
    signal.throwIfAborted();
    try {
      const browser = await launch({
        browser: 'firefox',
        executablePath: EXECUTABLE,
        headless: true,
        defaultViewport: window,
        timeout: STARTS_WITHIN_MS,
        protocolTimeout: ANSWERS_WITHIN_MS,
        extraPrefsFirefox: {
          ...FIREFOX_PREFERENCES,
          // The focus of a deployment on one machine is on loopback.
          'media.peerconnection.ice.loopback': true,
          'media.autoplay.blocking_policy': 0,
          'media.gmp-manager.updateEnabled': false,
          'app.update.disabledForTesting': true,
          'datareporting.policy.dataSubmissionEnabled': false,
        },
        // Interrupts are ours to handle.
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      });
      return new Firefox(browser);
    } catch (cause) {
      throw new Failure('Firefox does not start.', `See whether ${EXECUTABLE} runs.`, { cause });
    }
  }

  version(): Promise<string> {
    return versionOf(this.#browser);
  }

  async openPage(): Promise<Page> {
    const context = await this.#browser.createBrowserContext();
    return context.newPage();
  }

  /** It tells nobody. */
  processOf(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  close(): Promise<void> {
    return closeBrowser(this.#browser);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
