/** A real browser among the participants: it decodes what it receives, and so judges what packets alone do not show. */
import { ChromiumEndpoint } from '../peers/chromium-endpoint.ts';
import { keyOf } from '../peers/endpoint.ts';
import { LightPeer } from '../peers/light-peer.ts';
import { LoadBrowser } from '../peers/load-browser.ts';
import type { SignallingLink } from '../peers/signalling-link.ts';
import type { CallRoom, FocusDevice, MatrixDevice } from '../peers/call-place.ts';
import { messageOf, TesterFailure } from './failure.ts';
import type { RunResult } from './result.ts';
import { chooseTracks } from './scenario/choose.ts';
import type { Role } from './scenario/schema.ts';

export interface CanaryOptions {
  homeserver: string;
  device: MatrixDevice;
  room: CallRoom;
  focus: FocusDevice;
  link: SignallingLink;
  /** Of a role that receives. */
  subscribes: Role['subscribes'];
  executablePath: string;
}

const MOST_CONCEALED_PCT = 2;
/** Looks, a second each, without a frame: a gap of over 1 s. */
const GAP_LOOKS = 2;
const GIVES_UP_AFTER_MS = 5_000;

interface Last {
  frames: number;
  freezes: number;
  concealed: number;
  samples: number;
  emptyLooks: number;
}

export class Canary implements AsyncDisposable {
  readonly #browser: LoadBrowser;
  readonly #endpoint: ChromiumEndpoint;
  readonly #peer: LightPeer;
  readonly #wantsVideo: boolean;
  readonly #last = new Map<string, Last>();
  #framesDecoded = 0;
  #freezes = 0;
  #concealed = 0;
  #samples = 0;
  #hasGap = false;
  #isLooking = false;

  /** Starts the browser. Rejects with a TesterFailure where there is none. */
  static async open(options: CanaryOptions): Promise<Canary> {
    const { executablePath } = options;
    const browser = await LoadBrowser.start({ executablePath }).catch((cause: unknown) => {
      throw new TesterFailure(
        `The canary's browser does not start: ${messageOf(cause)}`,
        'Name another by --chromium, or go without: --no-canary.',
        { cause },
      );
    });
    try {
      return new Canary(browser, await ChromiumEndpoint.open(browser), options);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  private constructor(browser: LoadBrowser, endpoint: ChromiumEndpoint, options: CanaryOptions) {
    this.#browser = browser;
    this.#endpoint = endpoint;
    this.#wantsVideo = options.subscribes.video.length > 0;
    this.#peer = new LightPeer({
      baseUrl: options.homeserver,
      user: options.device,
      room: options.room,
      focus: options.focus,
      link: options.link,
      viewsOnly: true,
      unlisted: true,
      namesRoom: true,
      subscribe: metadata => chooseTracks(options.subscribes, options.device.userId, metadata),
      endpoint: events => endpoint.attach(events),
    });
  }

  /** Of the browser's first process. */
  pid(): number | undefined {
    return this.#browser.pid();
  }

  async join(): Promise<void> {
    await this.#peer.join();
  }

  /** Looks at what was decoded since the last look; once a second. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const { received } = await this.#endpoint.stats();
      const wanted = new Set(this.#peer.askedFor().map(keyOf));
      for (const track of received) {
        const key = keyOf(track);
        const before = this.#last.get(key);
        const now: Last = {
          frames: track.kind === 'video' ? track.framesDecoded : 0,
          freezes: track.kind === 'video' ? track.freezeCount : 0,
          concealed: track.kind === 'audio' ? Math.max(0, track.concealedSamples - track.silentConcealedSamples) : 0,
          samples: track.kind === 'audio' ? track.totalSamplesReceived : 0,
          emptyLooks: 0,
        };
        const since = (name: 'frames' | 'freezes' | 'concealed' | 'samples'): number =>
          Math.max(0, now[name] - (before?.[name] ?? 0));
        this.#framesDecoded += since('frames');
        this.#samples += since('samples');
        if (wanted.has(key)) {
          this.#freezes += since('freezes');
          this.#concealed += since('concealed');
          const flowed = (before?.frames ?? 0) > 0;
          if (track.kind === 'video' && flowed && since('frames') === 0) now.emptyLooks = (before?.emptyLooks ?? 0) + 1;
          if (now.emptyLooks >= GAP_LOOKS) this.#hasGap = true;
        }
        this.#last.set(key, now);
      }
    } finally {
      this.#isLooking = false;
    }
  }

  result(): NonNullable<RunResult['canary']> {
    const concealedPct = this.#samples === 0 ? 0 : (this.#concealed * 100) / this.#samples;
    const sees = !this.#wantsVideo || this.#framesDecoded > 0;
    return {
      framesDecoded: this.#framesDecoded,
      freezes: this.#freezes,
      concealedPct,
      isHappy: sees && this.#samples > 0 && !this.#hasGap && concealedPct < MOST_CONCEALED_PCT,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const late = new Promise(resolve => setTimeout(resolve, GIVES_UP_AFTER_MS).unref());
    await Promise.race([this.#peer.leave().catch(() => undefined), late]);
    await this.#browser.close();
  }
}
