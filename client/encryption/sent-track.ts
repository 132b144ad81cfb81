/** What one sender sends: encrypted, or not sent. */
import { joined } from '../sframe/frame.ts';
import { type EncodedFrame, FrameCodecs, type MediaKind } from './encoded-frame.ts';
import type { EncryptingKeys, FrameFormat } from './frame-format.ts';
import { type AskKeyFrame, KeyFrameWish } from './key-frame-wish.ts';
import { Tally } from './tally.ts';
import type { SendRefusal, SentStatistics } from './track-statistics.ts';
import type { Witness } from './witness.ts';

export interface SentTrackParts {
  readonly kind: MediaKind;
  readonly format: FrameFormat;
  /** Frames wait for it, in their lane. */
  readonly keys: Promise<EncryptingKeys>;
  readonly witness: Witness | undefined;
  readonly codecsWanted: () => void;
  /** ms, never going back */
  readonly now: () => number;
}

type Sent = { readonly kind: 'encrypted' | 'empty' } | { readonly kind: 'refused'; readonly reason: SendRefusal };

export class SentTrack {
  readonly codecs = new FrameCodecs();
  readonly #parts: SentTrackParts;
  readonly #keyFrame: KeyFrameWish;
  readonly #refused = new Tally<SendRefusal>();
  #encrypted = 0;
  #empty = 0;

  constructor(parts: SentTrackParts) {
    this.#parts = parts;
    this.#keyFrame = new KeyFrameWish(parts.now);
  }

  get statistics(): SentStatistics {
    return { encrypted: this.#encrypted, empty: this.#empty, refused: this.#refused.counts };
  }

  /** Encrypts it in place; false where it must not be sent. */
  async pass(frame: EncodedFrame, ask?: AskKeyFrame): Promise<boolean> {
    const sent = await this.#encrypt(frame).catch((): Sent => ({ kind: 'refused', reason: 'failed' }));
    switch (sent.kind) {
      case 'empty':
        this.#empty += 1;
        return true;
      case 'encrypted':
        this.#encrypted += 1;
        if (this.#parts.kind === 'video') this.#keyFrame.goesOn(frame.type, ask);
        return true;
      case 'refused':
        this.refuse(sent.reason);
        return false;
    }
  }

  refuse(reason: SendRefusal): void {
    this.#refused.count(reason);
    this.#keyFrame.lost();
  }

  async #encrypt(frame: EncodedFrame): Promise<Sent> {
    const { format, keys, witness, kind } = this.#parts;
    const whole = new Uint8Array(frame.data);
    // Nothing is in it that could be read.
    if (whole.length === 0) return { kind: 'empty' };
    const found = this.codecs.of(frame);
    if (found.kind === 'unknown') this.#parts.codecsWanted();
    if (found.kind !== 'known') return { kind: 'refused', reason: 'codec' };
    const bytes = format.clearBytes(found.codec, whole);
    if (bytes === undefined) return { kind: 'refused', reason: 'malformed' };
    const clear = whole.slice(0, bytes);
    const encrypted = await (await keys).encrypt(clear, whole.subarray(bytes));
    const number = witness && format.numberOf(encrypted);
    if (number !== undefined) await witness?.note({ direction: 'send', kind, from: undefined, number, clear: whole });
    frame.data = joined(clear, encrypted).buffer;
    return { kind: 'encrypted' };
  }
}
