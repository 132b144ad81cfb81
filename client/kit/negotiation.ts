/**
 * Offers and answers of one peer connection, one after the other (RFC 8829). We are the caller of the call, so impolite on
 * a collision: an offer of the focus that meets one of ours is dropped, and the focus offers again after it took ours.
 */
import { withAudioRetransmission } from './audio-retransmission.ts';
import { RESTART_TIMEOUT_MS } from './path-watch.ts';
import type { Description } from './wire.ts';

/** What of RTCPeerConnection a negotiation needs. */
export interface NegotiatingPeer {
  readonly signalingState: RTCSignalingState;
  readonly localDescription: { readonly type: string; readonly sdp: string } | null;
  createOffer(): Promise<RTCSessionDescriptionInit>;
  createAnswer(): Promise<RTCSessionDescriptionInit>;
  setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void>;
  setRemoteDescription(description: Description): Promise<void>;
  restartIce(): void;
}

export interface NegotiationEvents {
  /** Hands a description to the focus, in order. */
  send(description: Description): void;
  /** A remote description holds now: its tracks can be bound. */
  applied(description: Description): void;
  /** A description of the focus could not be used. */
  refused(type: Description['type'], thrown: unknown): void;
  /** An offer of ours was never answered, or more came in than can be worked off; only a new session helps. */
  stuck(why: string): void;
}

/** An offer of ours that is not answered is made again after so long, in ms; the first offer has its own limit. */
const ANSWER_TIMEOUT_MS = 6_000;
/** Longest that offers of ours may go unanswered: an ICE restart is said again for as long as there is hope for the path. */
const GIVE_UP_MS = RESTART_TIMEOUT_MS;
/** Most descriptions that wait to be applied. */
const MAX_QUEUED = 16;

type Phase = 'idle' | 'offered' | 'closed';

export class Negotiation {
  readonly #peer: NegotiatingPeer;
  readonly #events: NegotiationEvents;
  #phase: Phase = 'idle';
  #tail: Promise<void> = Promise.resolve();
  /** Steps that are not done yet. */
  #waiting = 0;
  #offerWanted = false;
  /** Offers of the focus that came so far. */
  #offers = 0;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  /** Since when an offer of ours is out, in ms since 1970; not the first. */
  #outSince: number | undefined;
  /** The offer that is out (or wanted) has new credentials. */
  #restarting = false;
  /** Offers that were sent before the one that is out, or as copies of it: their answers may still come. */
  #earlier = 0;
  /** ICE credentials of the last offer and answer that both sides took. */
  #agreed: { ours: string | undefined; theirs: string | undefined } = { ours: undefined, theirs: undefined };

  constructor(peer: NegotiatingPeer, events: NegotiationEvents) {
    this.#peer = peer;
    this.#events = events;
  }

  /** Makes the first offer; its answer comes by `receive` like every other. */
  async first(): Promise<string> {
    this.#phase = 'offered';
    return this.#describe();
  }

  /** Asks for an offer of ours. Many requests while one is out become one offer; an ICE restart does not wait for its answer. */
  offer(options: { iceRestart?: boolean } = {}): void {
    if (this.#phase === 'closed') return;
    if (options.iceRestart === true) {
      if (this.#restarting) {
        this.repeat();
        return;
      }
      this.#restarting = true;
      this.#peer.restartIce();
      if (this.#outSince !== undefined) {
        this.#again(() => this.#describe());
        return;
      }
    }
    this.#offerWanted = true;
    this.#pump();
  }

  /** Sends the offer that is out again, if one is: it may be lost. The same words, so that any answer to them fits. */
  repeat(): void {
    this.#again(async () => this.#peer.localDescription?.sdp ?? this.#describe());
  }

  #again(words: () => Promise<string>): void {
    if (this.#outSince === undefined || this.#waiting >= MAX_QUEUED) return;
    this.#enqueue(async () => {
      if (this.#outSince === undefined || this.#peer.signalingState !== 'have-local-offer') return;
      this.#earlier += 1;
      await this.#sendOffer(words);
    });
  }

  /** Takes a description of the focus. */
  receive(description: Description): void {
    if (this.#phase === 'closed') return;
    if (this.#waiting >= MAX_QUEUED) {
      this.#events.stuck('too many descriptions at once');
      return;
    }
    if (description.type === 'answer') {
      this.#enqueue(() => this.#takeAnswer(description));
      return;
    }
    this.#offers += 1;
    const number = this.#offers;
    this.#enqueue(() => this.#takeOffer(description, number));
  }

  close(): void {
    this.#phase = 'closed';
    this.#outSince = undefined;
    clearTimeout(this.#deadline);
  }

  #isClosed(): boolean {
    return this.#phase === 'closed';
  }

  #enqueue(step: () => Promise<void>): void {
    this.#waiting += 1;
    this.#tail = this.#tail
      .then(async () => {
        if (this.#phase !== 'closed') await step();
      })
      .catch((thrown: unknown) => {
        if (this.#phase !== 'closed') this.#events.stuck(thrown instanceof Error ? thrown.message : String(thrown));
      })
      .then(() => {
        this.#waiting -= 1;
        this.#pump();
      });
  }

  #pump(): void {
    if (!this.#offerWanted || this.#phase !== 'idle' || this.#waiting > 0) return;
    // Taken before anything is awaited: an offer of the focus that comes now is the one that yields.
    this.#phase = 'offered';
    this.#offerWanted = false;
    this.#enqueue(() => this.#sendOffer(() => this.#describe()));
  }

  async #sendOffer(words: () => Promise<string>): Promise<void> {
    const sdp = await words();
    if (this.#isClosed()) return;
    this.#events.send({ type: 'offer', sdp });
    const since = (this.#outSince ??= Date.now());
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      if (Date.now() - since >= GIVE_UP_MS) this.#events.stuck('an offer was not answered');
      else this.repeat();
    }, ANSWER_TIMEOUT_MS);
  }

  async #takeAnswer(description: Description): Promise<void> {
    // A second answer, or one to an offer that is settled: nothing depends on it.
    if (this.#peer.signalingState !== 'have-local-offer' || this.#isLate(description)) return;
    try {
      await this.#peer.setRemoteDescription(description);
    } catch (thrown) {
      if (this.#earlier > 0) {
        // The answer to an earlier offer, most likely.
        this.#earlier -= 1;
        return;
      }
      this.#events.refused('answer', thrown);
      this.#events.stuck('the answer cannot be used');
      return;
    }
    clearTimeout(this.#deadline);
    this.#outSince = undefined;
    this.#restarting = false;
    this.#earlier = 0;
    this.#settle(description);
  }

  /** An answer to an earlier offer: one to an ICE restart has new credentials (RFC 8839, section 4.4.1.1.1). */
  #isLate(answer: Description): boolean {
    const ours = iceUfragOf(this.#peer.localDescription?.sdp ?? '');
    const theirs = iceUfragOf(answer.sdp);
    return ours !== this.#agreed.ours && theirs !== undefined && theirs === this.#agreed.theirs;
  }

  /** `number` counts offers: one that another overtook was given up, and an answer to it would be taken for the other's. */
  async #takeOffer(description: Description, number: number): Promise<void> {
    if (this.#phase === 'offered' || this.#peer.signalingState !== 'stable' || number !== this.#offers) return;
    try {
      await this.#peer.setRemoteDescription(description);
    } catch (thrown) {
      this.#events.refused('offer', thrown);
      return;
    }
    const sdp = await this.#describe(description);
    if (number === this.#offers) this.#events.send({ type: 'answer', sdp });
    this.#settle(description);
  }

  #settle(applied: Description): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'idle';
    this.#agreed = { ours: iceUfragOf(this.#peer.localDescription?.sdp ?? ''), theirs: iceUfragOf(applied.sdp) };
    this.#events.applied(applied);
  }

  /** Makes an offer of ours, or the answer to `offer`, and sets it. */
  async #describe(offer?: Description): Promise<string> {
    const peer = this.#peer;
    const { sdp = '' } = offer === undefined ? await peer.createOffer() : await peer.createAnswer();
    try {
      const type = offer === undefined ? 'offer' : 'answer';
      await peer.setLocalDescription({ type, sdp: withAudioRetransmission(sdp, offer?.sdp) });
    } catch {
      // A browser may insist on its own words, and tracks may have come meanwhile: then it makes them anew.
      await peer.setLocalDescription();
    }
    const { localDescription } = peer;
    if (localDescription === null) throw new Error('The browser made no description.');
    return localDescription.sdp;
  }
}

/** Of the first section that has one: all are in one bundle. */
function iceUfragOf(sdp: string): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
}
