import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import { Failure } from '../../setup/failure.mjs';
import type { MatrixUser } from '../synapse.ts';
import type { CallBrowser } from './browser.ts';
import { installProbe, type Snapshot, type StreamFrames } from './probe.ts';

const OPENS_WITHIN_MS = 30_000;
const ANSWERS_WITHIN_MS = 15_000;
const POLL_MS = 100;
/** Pages draw 60 times a second where the machine can; one in the back draws once, if at all. */
const LEAST_DRAWN_PER_SECOND = 5;
const CAPTURE = '640x360x15';

/** What the check uses of the page's own inspection. */
interface PageInspection {
  state(): string;
  peerConnections(): RTCPeerConnection[];
  problem(): string | undefined;
  /** Moments of the latest join, in ms since 1970. */
  readonly marks: Readonly<Record<string, number | string>>;
  wantSize(streamId: string, trackId: string, width: number, height: number): number;
  /** Closes the WebSocket to the focus, as a network would. */
  cutSignalling(): void;
  leave(): void;
}

declare global {
  interface Window {
    weir: PageInspection;
  }
}

/** A browser page in (or before) the call, with a user of its own. */
export class Participant {
  readonly name: string;
  readonly user: MatrixUser;
  readonly page: Page;
  /** Process of the page's scripts, which no other page shares; where the browser tells. */
  readonly rendererPid: number | undefined;
  #crashed = false;
  readonly #complaints: string[] = [];

  private constructor(user: MatrixUser, page: Page, pid: number | undefined) {
    this.user = user;
    this.name = user.userId.replace(/^@/, '').replace(/:.*$/, '');
    this.page = page;
    this.rendererPid = pid;
    page.on('error', () => {
      this.#crashed = true;
    });
    page.on('pageerror', error => {
      this.#complaints.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
  }

  /** Opens the call page with a fake camera, up to the join button. */
  static async open(browser: CallBrowser, user: MatrixUser, link: string): Promise<Participant> {
    const page = await browser.openPage();
    await page.evaluateOnNewDocument(installProbe);
    await page.goto(`${link}&video=${CAPTURE}`, { waitUntil: 'load', timeout: OPENS_WITHIN_MS });
    const participant = new Participant(user, page, await browser.processOf(page));
    await participant.#waitFor('offers no join', () => document.querySelector('#join:not([disabled])') !== null);
    await participant.#waitFor('shows no picture of its camera', () =>
      [...document.querySelectorAll('video')].some(({ videoWidth }) => videoWidth > 0),
    );
    const drawn = await participant.#ask(page.evaluate(() => window.weirProbe.drawnPerSecond()));
    if (drawn < LEAST_DRAWN_PER_SECOND) {
      throw new Failure(
        `The page of ${participant.name} draws only ${drawn} times a second.`,
        'The machine is overloaded, or Chromium throttles pages: run the check where less else runs.',
      );
    }
    return participant;
  }

  /** True once the renderer process has died. */
  get crashed(): boolean {
    return this.#crashed;
  }

  /** What the page threw and nobody caught. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** Clicks the button as a person does; gives when the page got the click. */
  async join(): Promise<number> {
    await this.page.click('#join');
    const at = await this.#ask(this.page.evaluate(() => window.weirProbe.joinClickedAt()));
    if (at === undefined) throw new Failure(`The click of ${this.name} went astray.`, 'See what covers the button.');
    return at;
  }

  snapshot(): Promise<Snapshot> {
    return this.#ask(this.page.evaluate(() => window.weirProbe.snapshot()));
  }

  /** See `Probe.watch`. */
  watch(everything: boolean): Promise<void> {
    return this.#ask(this.page.evaluate(all => window.weirProbe.watch(all), everything));
  }

  framesSince(since: number): Promise<StreamFrames[]> {
    return this.#ask(this.page.evaluate(at => window.weirProbe.framesSince(at), since));
  }

  tiles(): Promise<string[]> {
    return this.#ask(this.page.evaluate(() => window.weirProbe.tiles()));
  }

  wantSize(streamId: string, trackId: string, size: { width: number; height: number }): Promise<number> {
    return this.#ask(
      this.page.evaluate(
        (stream, track, { width, height }) => window.weirProbe.wantSize(stream, track, width, height),
        streamId,
        trackId,
        size,
      ),
    );
  }

  /** How the invite of the latest join went: `ws` or `to-device`. */
  wayOfInvite(): Promise<string | undefined> {
    return this.#ask(this.page.evaluate(() => window.weir.marks['way']?.toString()));
  }

  cutSignalling(): Promise<void> {
    return this.#ask(
      this.page.evaluate(() => {
        window.weir.cutSignalling();
      }),
    );
  }

  /** What the page says of its call; for messages. */
  async condition(): Promise<string> {
    const [state, problem] = await this.#ask(
      this.page.evaluate(() => [window.weir.state(), window.weir.problem() ?? ''] as const),
    );
    return problem === '' ? state : `${state}, ${problem}`;
  }

  /** What the page noted of its join, in ms since `since`; for messages. */
  async marksSince(since: number): Promise<string> {
    const marks = await this.#ask(this.page.evaluate(() => ({ ...window.weir.marks })));
    return Object.entries(marks)
      .flatMap(([name, at]): [string, number][] => (typeof at === 'number' ? [[name, at]] : []))
      .toSorted(([, a], [, b]) => a - b)
      .map(([name, at]) => `${name.replace(/At$/, '')} ${Math.round(at - since)}`)
      .join(', ');
  }

  /** Closes the page and its context; also one that crashed. */
  async close(): Promise<void> {
    await this.page.browserContext().close();
  }

  async #waitFor(otherwise: string, condition: () => boolean): Promise<void> {
    const deadline = performance.now() + OPENS_WITHIN_MS;
    while (!(await this.#ask(this.page.evaluate(condition)))) {
      if (performance.now() > deadline) {
        const text = await this.#ask(this.page.evaluate(() => document.body.innerText.slice(0, 500)));
        throw new Failure(`The page of ${this.name} ${otherwise}. It says: ${text}`, "Look into the focus's log.");
      }
      await delay(POLL_MS);
    }
  }

  /** A page whose process hangs, or has died, answers nothing. */
  async #ask<T>(answer: Promise<T>): Promise<T> {
    const late = new AbortController();
    const silence = delay(ANSWERS_WITHIN_MS, undefined, { signal: late.signal }).then(() => {
      throw new Failure(
        `The page of ${this.name} does not answer (${this.#crashed ? 'its process died' : `process ${this.rendererPid ?? 'unknown'}`}).`,
        'See what its process does.',
      );
    });
    try {
      return await Promise.race([answer, silence]);
    } finally {
      late.abort();
      answer.catch(() => undefined);
      silence.catch(() => undefined);
    }
  }
}
