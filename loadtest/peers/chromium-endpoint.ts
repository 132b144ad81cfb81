import type { Page } from 'puppeteer-core';
import { CONTROL_CHANNEL_LABEL } from '../../signalling/wire/names.ts';
import { type FrameSize, RECORDED_SIZE } from '../media/recordings.ts';
import { installPeer, type PageEvent, type PageOptions } from './chromium-page.ts';
import type { PageStats, ReceivedAudio, ReceivedVideo, SentEncoding } from './chromium-stats.ts';
import { type Endpoint, type EndpointEvents, keyOf, type SentTrack, type TrackIds, tracksByMid } from './endpoint.ts';
import type { LoadBrowser } from './load-browser.ts';

export interface ChromiumOptions {
  /** Draws what it receives; it is decoded anyway. */
  render?: boolean;
  /** How often the page looks for new frames, in ms. */
  pollMs?: number;
}

/** What came of one track. */
export type ReceivedTrack = TrackIds & { mid: string } & (ReceivedVideo | ReceivedAudio);

export interface ChromiumStats {
  /** ms since 1970. */
  at: number;
  received: ReceivedTrack[];
  sent: SentEncoding[];
}

/** As the recorded camera of other load peers. */
const CAMERA = { ...RECORDED_SIZE, framesPerSecond: 15 };
const ENCODINGS: PageOptions['encodings'] = [
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 650_000 },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 150_000 },
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 45_000 },
];
const POLL_MS = 100;
/** Four frames and a poll. */
const NOTED_GAP_MS = 350;

/** A peer in a page of Chromium, with a fake camera and microphone where it sends. */
export class ChromiumEndpoint implements Endpoint {
  readonly camera: FrameSize = RECORDED_SIZE;
  /** What went wrong where nobody waits for it. */
  readonly complaints: string[] = [];
  readonly #page: Page;
  #events: EndpointEvents | undefined;
  /** Sent from the next offer on. */
  #unsent: SentTrack[] = [];
  /** The browser's ids → those that were asked for. */
  readonly #renamed = new Map<string, string>();
  #remote = new Map<string, TrackIds>();
  #offering = false;
  #connection: RTCPeerConnectionState = 'new';
  #controlOpen = false;
  #closing: Promise<void> | undefined;

  /** Opens a page for it. It is an endpoint once somebody is attached. */
  static async open(browser: LoadBrowser, options: ChromiumOptions = {}): Promise<ChromiumEndpoint> {
    const endpoint = new ChromiumEndpoint(await browser.blankPage());
    await endpoint.#install(options);
    return endpoint;
  }

  private constructor(page: Page) {
    this.#page = page;
  }

  /** As `endpoint` of a peer's options wants it; once. */
  attach(events: EndpointEvents): this {
    this.#events = events;
    return this;
  }

  send(track: SentTrack): string {
    this.#unsent.push(track);
    return track.trackId;
  }

  setLayers(track: TrackIds, active: readonly boolean[]): void {
    this.#do(this.#page.evaluate((key, layers) => window.weirPeer.setLayers(key, layers), keyOf(track), [...active]));
  }

  setMuted(track: TrackIds, muted: boolean): void {
    this.#do(
      this.#page.evaluate(
        (key, off) => {
          window.weirPeer.setMuted(key, off);
        },
        keyOf(track),
        muted,
      ),
    );
  }

  async offer(): Promise<string> {
    await this.#sendUnsent();
    const sdp = await this.#page.evaluate(() => window.weirPeer.offer());
    this.#offering = true;
    return this.#withOurIds(sdp);
  }

  async takeAnswer(sdp: string): Promise<void> {
    await this.#page.evaluate(answer => window.weirPeer.takeAnswer(answer), sdp);
    this.#offering = false;
  }

  async answer(sdp: string): Promise<string> {
    this.#remote = tracksByMid(sdp);
    return this.#withOurIds(await this.#page.evaluate(offer => window.weirPeer.answer(offer), sdp));
  }

  hasLocalOffer(): boolean {
    return this.#offering;
  }

  sendControl(text: string): boolean {
    if (this.#closing !== undefined || !this.#controlOpen) return false;
    this.#do(
      this.#page.evaluate(message => {
        window.weirPeer.say(message);
      }, text),
    );
    return true;
  }

  isConnected(): boolean {
    return this.#closing === undefined && this.#connection === 'connected';
  }

  async stats(): Promise<ChromiumStats> {
    const { at, received, sent }: PageStats = await this.#page.evaluate(() => window.weirPeer.stats());
    return {
      at,
      sent,
      received: Object.entries(received).flatMap(([mid, track]) => {
        const ids = this.#remote.get(mid);
        return ids === undefined ? [] : [{ mid, ...ids, ...track }];
      }),
    };
  }

  close(): void {
    // The browser may have ended before.
    this.#closing ??= this.#page
      .browserContext()
      .close()
      .catch(() => undefined);
  }

  /** Resolves when the page is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#closing;
  }

  async #install({ render = false, pollMs = POLL_MS }: ChromiumOptions): Promise<void> {
    await this.#page.exposeFunction('weirTell', (event: PageEvent) => {
      if (this.#closing === undefined) this.#hear(event);
    });
    this.#page.on('pageerror', error => this.complaints.push(String(error)));
    this.#page.on('error', error => {
      this.complaints.push(`the page crashed: ${error.message}`);
      this.#connection = 'failed';
      this.#controlOpen = false;
      this.#events?.controlClosed();
    });
    const options = { render, pollMs, notedGapMs: NOTED_GAP_MS, camera: CAMERA, encodings: ENCODINGS };
    await this.#page.evaluate(installPeer, CONTROL_CHANNEL_LABEL, options);
  }

  #hear(event: PageEvent): void {
    switch (event.kind) {
      case 'control':
        this.#events?.control(event.text);
        break;
      case 'control_open':
        this.#controlOpen = true;
        this.#events?.controlOpen();
        break;
      case 'control_closed':
        this.#controlOpen = false;
        this.#events?.controlClosed();
        break;
      case 'connection':
        this.#connection = event.state;
        break;
      case 'packets':
        for (const [mid, count] of Object.entries(event.counts)) {
          const ids = this.#remote.get(mid);
          if (ids !== undefined) this.#events?.packet(ids, count);
        }
        break;
    }
  }

  async #sendUnsent(): Promise<void> {
    const tracks = this.#unsent;
    this.#unsent = [];
    if (tracks.length === 0) return;
    const wanted = tracks.map(track => ({ ...track, key: keyOf(track), stream: track.streamId }));
    const chosen = await this.#page.evaluate(list => window.weirPeer.send(list), wanted);
    for (const { key, streamId, trackId } of wanted) {
      const real = chosen[key];
      if (real === undefined) throw new Error('the page sends less than it was asked for');
      this.#renamed.set(real.streamId, streamId).set(real.trackId, trackId);
    }
  }

  #withOurIds(sdp: string): string {
    let renamed = sdp;
    for (const [theirs, ours] of this.#renamed) renamed = renamed.replaceAll(theirs, ours);
    return renamed;
  }

  #do(done: Promise<void>): void {
    done.catch((error: unknown) => {
      if (this.#closing === undefined) this.complaints.push(String(error));
    });
  }
}
