import type { Endpoint } from './endpoint.ts';
import type { Seen } from './seen.ts';

/** What a peer does when an offer of the focus arrives. */
export type OfferHabit =
  | { kind: 'answer' }
  /** Never says a word. */
  | { kind: 'ignore' }
  | { kind: 'delay'; ms: number }
  /** Drops the next one and offers a screen share instead, as an impolite client does; then answers. */
  | { kind: 'collide' };

export interface Description {
  type: 'offer' | 'answer';
  sdp: string;
}

/** What negotiation needs of its peer. */
export interface NegotiationPeer {
  readonly seen: Seen;
  sayAnswer(sdp: string): void;
  /** Makes an offer of its own cross the one that came. */
  collide(): Promise<unknown>;
  complain(error: unknown): void;
}

/** Descriptions of a peer, one after the other. */
export class Negotiation {
  habit: OfferHabit = { kind: 'answer' };
  readonly #peer: NegotiationPeer;
  readonly #endpoint: Endpoint;
  readonly #rewrite: (sdp: string) => string;
  readonly #timers = new Set<NodeJS.Timeout>();
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  /** `rewrite` changes what the focus describes, before the endpoint takes it. */
  constructor(peer: NegotiationPeer, endpoint: Endpoint, rewrite: (sdp: string) => string) {
    this.#peer = peer;
    this.#endpoint = endpoint;
    this.#rewrite = rewrite;
  }

  onDescription(description: Description): void {
    if (description.type === 'answer') {
      this.onAnswer(description.sdp);
      return;
    }
    const sdp = this.#rewrite(description.sdp);
    const { seen } = this.#peer;
    seen.offers += 1;
    const { habit } = this;
    switch (habit.kind) {
      case 'answer':
        this.#answer(sdp);
        break;
      case 'ignore':
        seen.offersDropped += 1;
        break;
      case 'delay': {
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          this.#answer(sdp);
        }, habit.ms);
        this.#timers.add(timer);
        break;
      }
      case 'collide':
        this.habit = { kind: 'answer' };
        seen.offersDropped += 1;
        this.#peer.collide().catch((error: unknown) => {
          this.#peer.complain(error);
        });
        break;
    }
  }

  /** Takes an answer of the focus, then does `afterwards`. */
  onAnswer(sdp: string, afterwards: () => Promise<void> = () => Promise.resolve()): void {
    this.#peer.seen.answers += 1;
    this.#do(async () => {
      await this.#endpoint.takeAnswer(this.#rewrite(sdp));
      await afterwards();
    });
  }

  /** Does a step after those before it. Rejects where it fails; resolves without doing it when closed. */
  next(act: () => Promise<void>): Promise<void> {
    const done = this.#work.then(() => (this.#closed ? undefined : act()));
    this.#work = done.catch(() => undefined);
    return done;
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #answer(sdp: string): void {
    this.#do(async () => {
      // The client is impolite (MSC3401: it is the caller): the focus has to roll back.
      if (this.#endpoint.hasLocalOffer()) {
        this.#peer.seen.offersDropped += 1;
        return;
      }
      this.#peer.sayAnswer(await this.#endpoint.answer(sdp));
    });
  }

  #do(act: () => Promise<void>): void {
    this.next(act).catch((error: unknown) => {
      this.#peer.complain(error);
    });
  }
}
