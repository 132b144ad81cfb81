import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Browser, type CDPSession, launch, type Page, type Viewport } from 'puppeteer-core';
import { Failure } from '../../setup/failure.mjs';
import { type CallBrowser, closeBrowser, versionOf, WINDOW } from './browser.ts';
import { CHROMIUM_FLAGS } from './chromium-flags.ts';

const EXECUTABLE = join(import.meta.dirname, 'chromium-behind-servers.sh');
/** The last resort: whoever asks a page has a limit of its own. */
const ANSWERS_WITHIN_MS = 60_000;
const TRACES_WITHIN_MS = 10_000;
const FRAMES_PER_SECOND = 15;

export interface ChromiumOptions {
  /** Network namespace that it runs in. */
  namespace?: string;
  /** Where the call page is, if that is not loopback: plain http, which browsers give no camera otherwise. */
  origin?: string;
  /** CSS px, of its pages. */
  window?: Viewport;
}

/**
 * One browser for all pages: its shared processes (network, compositor, audio) would otherwise run once for each page, on two
 * cores. Every page has an incognito context, so a window, a renderer process and a session storage of its own.
 */
export class Chromium implements CallBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(
    signal: AbortSignal,
    { namespace, origin, window = WINDOW }: ChromiumOptions = {},
  ): Promise<Chromium> {
    signal.throwIfAborted();
    try {
      const browser = await launch({
        executablePath: EXECUTABLE,
        headless: true,
        // The browser ends when the pipe does, so also when this process is killed.
        pipe: true,
        args: [
          ...CHROMIUM_FLAGS,
          `--use-fake-device-for-media-stream=fps=${FRAMES_PER_SECOND}`,
          ...(origin === undefined ? [] : [`--unsafely-treat-insecure-origin-as-secure=${origin}`]),
          ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        ],
        env: { ...process.env, ...(namespace !== undefined && { NETWORK_NAMESPACE: namespace }) },
        defaultViewport: window,
        protocolTimeout: ANSWERS_WITHIN_MS,
        // Interrupts are ours to handle.
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      });
      return new Chromium(browser);
    } catch (cause) {
      throw new Failure('Chromium does not start.', `See whether ${EXECUTABLE} runs.`, { cause });
    }
  }

  version(): Promise<string> {
    return versionOf(this.#browser);
  }

  /** Ids of all its processes, with what they are: "renderer", "GPU", or the name of a service. */
  async processes(): Promise<{ pid: number; kind: string }[]> {
    const session = await this.#browser.target().createCDPSession();
    try {
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      return processInfo.map(({ id, type }) => ({ pid: id, kind: type }));
    } finally {
      await session.detach();
    }
  }

  async openPage(): Promise<Page> {
    const context = await this.#browser.createBrowserContext();
    return context.newPage();
  }

  /** No other page shares it. */
  processOf(page: Page): Promise<number> {
    return rendererPid(page);
  }

  close(): Promise<void> {
    return closeBrowser(this.#browser);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

interface TraceEvent {
  name: string;
  args: { data?: { frames?: { frame: string; processId?: number }[] } };
}

/** The process that runs a page's scripts, as Chromium's own tracing names it. */
async function rendererPid(page: Page): Promise<number> {
  const session = await page.createCDPSession();
  try {
    const { frameTree } = await session.send('Page.getFrameTree');
    const started = (await traceBriefly(session)).find(({ name }) => name === 'TracingStartedInBrowser');
    const frame = started?.args.data?.frames?.find(candidate => candidate.frame === frameTree.frame.id);
    if (frame?.processId === undefined) {
      throw new Failure('Chromium does not tell the process of a page.', 'See what its tracing says in this version.');
    }
    return frame.processId;
  } finally {
    await session.detach();
  }
}

async function traceBriefly(session: CDPSession): Promise<TraceEvent[]> {
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value as unknown[]) if (isTraceEvent(event)) events.push(event);
  });
  const complete = new Promise<void>(resolve => {
    session.once('Tracing.tracingComplete', () => {
      resolve();
    });
  });
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline'], excludedCategories: ['*'] },
  });
  await session.send('Tracing.end');
  await Promise.race([complete, delay(TRACES_WITHIN_MS, undefined, { ref: false })]);
  return events;
}

function isTraceEvent(event: unknown): event is TraceEvent {
  return typeof event === 'object' && event !== null && 'name' in event && 'args' in event;
}
