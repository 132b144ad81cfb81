/** Watches whether a session's path to the focus holds, and what to do when it does not. */

export interface PathEvents {
  /** The path broke; it may come back. */
  trouble(): void;
  /** Try another way through the network, in the same session (RFC 8445, section 2.4). */
  restartIce(): void;
  /** The path holds, for the first time or again. */
  up(): void;
  /** Only a new session helps. */
  lost(why: 'never_connected' | 'disconnected' | 'silent'): void;
}

/** From the answer until media connects, in ms. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** A short loss of packets also reads "disconnected"; longer than this it is worth an ICE restart. */
export const PATIENCE_MS = 700;
/** From the ICE restart until the path is given up. */
export const RESTART_TIMEOUT_MS = 4_000;
/** Longest silence of the focus on an open channel; it pings every 2.5 s. */
export const SILENCE_MS = 12_000;

type Phase = 'waiting' | 'connecting' | 'up' | 'broken' | 'restarting' | 'over';

export class PathWatch {
  readonly #events: PathEvents;
  #phase: Phase = 'waiting';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(events: PathEvents) {
    this.#events = events;
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

  /** Something came from the focus on the open channel. */
  heard(): void {
    if (this.#phase === 'over') return;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lose('silent'), SILENCE_MS);
  }

  close(): void {
    this.#phase = 'over';
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
  }

  #recover(): void {
    clearTimeout(this.#timer);
    if (this.#phase === 'up') return;
    this.#phase = 'up';
    this.#events.up();
  }

  #break(patienceMs: number): void {
    if (this.#phase === 'up') {
      this.#phase = 'broken';
      this.#events.trouble();
    } else if (this.#phase !== 'broken') return;
    this.#after(patienceMs, () => {
      this.#phase = 'restarting';
      this.#after(RESTART_TIMEOUT_MS, () => this.#lose('disconnected'));
      this.#events.restartIce();
    });
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
