/** Watches whether a session's path to the focus holds, and what to do when it does not. */

export interface PathEvents {
  /** The path broke; it may come back. */
  trouble(): void;
  /**
   * Try another way through the network, in the same session (RFC 8445, section 2.4), or say the try again that was not
   * answered. Comes again until a way is found.
   */
  restartIce(): void;
  /** The focus was silent for long: ask it to say something. */
  askFocus(): void;
  /** The path holds, for the first time or again. */
  up(): void;
  /** Only a new session helps. */
  lost(why: 'never_connected' | 'disconnected' | 'silent'): void;
}

/** From the answer until media connects, in ms. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** A short loss of packets also reads "disconnected"; longer than this it is worth an ICE restart. */
export const PATIENCE_MS = 700;
/** From the first sign of trouble until the session is given up: the focus keeps a silent one so long, and some seconds more. */
export const RESTART_TIMEOUT_MS = 45_000;
/** From the answer to an ICE restart until the next one, in ms. */
export const RESTART_EVERY_MS = 2_500;
/** Longest wait for the answer to an ICE restart before the next one, in ms. */
const RESTART_ANSWER_MS = 5_000;
/** Hints come in swarms; least time between two ICE restarts, in ms. */
const LEAST_BETWEEN_MS = 500;
/** Longest silence of the focus while the path holds; it pings every 2.5 s, and is asked when half of this is over. */
export const SILENCE_MS = 30_000;

type Phase = 'waiting' | 'connecting' | 'up' | 'broken' | 'over';

export class PathWatch {
  readonly #events: PathEvents;
  #phase: Phase = 'waiting';
  #browser: RTCPeerConnectionState = 'new';
  /** ICE restarts since the path broke. */
  #restarts = 0;
  #restartedAt = 0;
  #hasBeenHeard = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(events: PathEvents) {
    this.#events = events;
  }

  get isBroken(): boolean {
    return this.#phase === 'broken';
  }

  /** The focus answered: media has to connect now. */
  answered(): void {
    if (this.#phase !== 'waiting') return;
    this.#phase = 'connecting';
    this.#after(CONNECT_TIMEOUT_MS, () => this.#lose('never_connected'));
  }

  /** RTCPeerConnection.connectionState changed. */
  connection(state: RTCPeerConnectionState): void {
    if (this.#phase === 'over') return;
    this.#browser = state;
    switch (state) {
      case 'connected':
        this.#recover();
        return;
      case 'disconnected':
        this.#break(PATIENCE_MS);
        return;
      case 'failed':
        this.#break(0);
        return;
      case 'new':
      case 'connecting':
      case 'closed':
        // A second transport that joins the first reads "connecting", too.
        return;
    }
  }

  /** Nothing comes in any more, though the browser has not noticed yet. */
  quiet(): void {
    this.#break(0);
  }

  /** Something came in by the path. A browser that says "disconnected" knows more: our own packets may still be lost. */
  flows(): void {
    if (this.#phase === 'broken' && this.#browser === 'connected') this.#recover();
  }

  /** The focus answered an ICE restart: the browser has the floor for a while. */
  restarted(): void {
    if (this.#phase === 'broken' && this.#restarts > 0) this.#after(RESTART_EVERY_MS, () => this.#restart());
  }

  /** The network is another, or a message gets through again: what is broken may be mended now. */
  retry(): void {
    if (this.#phase !== 'broken') return;
    const wait = this.#restarts === 0 ? 0 : Math.max(0, LEAST_BETWEEN_MS - (Date.now() - this.#restartedAt));
    this.#after(wait, () => this.#restart());
  }

  /** The focus said something, in whatever way. */
  heard(): void {
    if (this.#phase === 'over') return;
    this.#hasBeenHeard = true;
    clearTimeout(this.#silence);
    // While the path is broken, its own limit counts.
    if (this.#phase === 'broken') return;
    this.#silence = setTimeout(() => {
      this.#silence = setTimeout(() => this.#lose('silent'), SILENCE_MS / 2);
      this.#events.askFocus();
    }, SILENCE_MS / 2);
  }

  close(): void {
    this.#phase = 'over';
    for (const timer of [this.#timer, this.#deadline, this.#silence]) clearTimeout(timer);
  }

  #recover(): void {
    clearTimeout(this.#timer);
    if (this.#phase === 'up') return;
    clearTimeout(this.#deadline);
    this.#phase = 'up';
    if (this.#hasBeenHeard) this.heard();
    this.#events.up();
  }

  #break(patienceMs: number): void {
    if (this.#phase === 'up') {
      this.#phase = 'broken';
      this.#restarts = 0;
      clearTimeout(this.#silence);
      this.#deadline = setTimeout(() => this.#lose('disconnected'), RESTART_TIMEOUT_MS);
      this.#events.trouble();
    } else if (this.#phase !== 'broken' || this.#restarts > 0) return;
    this.#after(patienceMs, () => this.#restart());
  }

  #restart(): void {
    this.#restarts += 1;
    this.#restartedAt = Date.now();
    this.#after(RESTART_ANSWER_MS, () => this.#restart());
    this.#events.restartIce();
  }

  #after(ms: number, fire: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(fire, ms);
  }

  #lose(why: 'never_connected' | 'disconnected' | 'silent'): void {
    this.close();
    this.#events.lost(why);
  }
}
