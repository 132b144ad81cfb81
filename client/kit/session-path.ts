/** Keeps watch over a session's path with what the browser says, what its statistics say, and hints from outside. */
import type { NetworkHint } from './network.ts';
import { type PathEvents, PathWatch } from './path-watch.ts';
import { ReceiptWatch, receiptsOf } from './receipt-watch.ts';

export interface SessionPathEvents extends PathEvents {
  /** Asks the focus for a sign of life by this path; false where that cannot be done now. */
  ask(): boolean;
}

/** Between samples, in ms: statistics of a large call take their time. */
const SAMPLE_EVERY_MS = 1_000;
/** Where nothing came since the sample before. */
const DOUBTFUL_EVERY_MS = 250;

export class SessionPath {
  readonly #connection: RTCPeerConnection;
  readonly #events: SessionPathEvents;
  readonly #watch: PathWatch;
  readonly #receipt = new ReceiptWatch();
  #next: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(connection: RTCPeerConnection, events: SessionPathEvents) {
    this.#connection = connection;
    this.#events = events;
    this.#watch = new PathWatch(events);
    connection.addEventListener('connectionstatechange', () => {
      this.#watch.connection(connection.connectionState);
      if (connection.connectionState === 'connected') this.#sampleAfter(SAMPLE_EVERY_MS);
    });
  }

  get isBroken(): boolean {
    return this.#watch.isBroken;
  }

  answered(): void {
    this.#watch.answered();
  }

  heard(): void {
    this.#watch.heard();
  }

  restarted(): void {
    this.#watch.restarted();
  }

  /** A message gets through (again). */
  retry(): void {
    this.#watch.retry();
  }

  hint(hint: NetworkHint): void {
    if (hint !== 'gone') this.#watch.retry();
    if (this.#next === undefined) return;
    this.#receipt.suspect();
    this.#sampleAfter(0);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#next);
    this.#watch.close();
  }

  #sampleAfter(ms: number): void {
    clearTimeout(this.#next);
    if (!this.#isClosed) this.#next = setTimeout(() => this.#sample(), ms);
  }

  #sample(): void {
    this.#connection.getStats().then(
      report => this.#judge(report),
      () => this.#sampleAfter(SAMPLE_EVERY_MS),
    );
  }

  #judge(report: RTCStatsReport): void {
    if (this.#isClosed) return;
    const now = Date.now();
    const receipt = this.#receipt.take(receiptsOf(report), now);
    this.#sampleAfter(receipt === 'flows' ? SAMPLE_EVERY_MS : DOUBTFUL_EVERY_MS);
    if (receipt === 'flows') this.#watch.flows();
    // Where nothing can be asked, silence proves nothing.
    else if (!this.#events.ask()) this.#receipt.trust(now);
    else if (receipt === 'quiet') this.#watch.quiet();
  }
}
