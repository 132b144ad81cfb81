/** What one receiver gets: decrypted, or not shown. */
import { joined } from '../sframe/frame.ts';
import type { Bytes } from '../sframe/suites.ts';
import { type EncodedFrame, FrameCodecs, type MediaKind } from './encoded-frame.ts';
import type { DecryptedFrames, FrameFormat, FrameNumber } from './frame-format.ts';
import { type AskKeyFrame, KeyFrameWish } from './key-frame-wish.ts';
import { type FrameFailure, type ReceiveState, ReceiveWatch } from './receive-state.ts';
import type { SenderId } from './sender-id.ts';
import { Tally } from './tally.ts';
import type { ReceivedStatistics, ReceiveRefusal } from './track-statistics.ts';
import type { Witness } from './witness.ts';

export interface ReceivedTrackParts {
  readonly kind: MediaKind;
  readonly format: FrameFormat;
  readonly witness: Witness | undefined;
  readonly codecsWanted: () => void;
  readonly changed: (state: ReceiveState) => void;
  /** ms, never going back */
  readonly now: () => number;
}

/** Whose frames come, and what is known of those that came. Another one for each sender, and for each stay of it. */
interface Binding {
  readonly from: SenderId;
  /** `undefined` where it shared no key yet. */
  readonly frames: DecryptedFrames | undefined;
}

type Got =
  | { readonly kind: 'decrypted' }
  /** Says something of the sender. */
  | { readonly kind: 'failed'; readonly reason: FrameFailure; readonly number?: FrameNumber | undefined }
  /** Says nothing of it. */
  | { readonly kind: 'dropped'; readonly reason: ReceiveRefusal };

export class ReceivedTrack {
  readonly codecs = new FrameCodecs();
  readonly #parts: ReceivedTrackParts;
  readonly #keyFrame: KeyFrameWish;
  readonly #watch: ReceiveWatch;
  readonly #refused = new Tally<ReceiveRefusal>();
  #binding: Binding | undefined;
  #decrypted = 0;

  constructor(parts: ReceivedTrackParts) {
    this.#parts = parts;
    this.#keyFrame = new KeyFrameWish(parts.now);
    this.#watch = new ReceiveWatch(parts.changed, parts.now);
  }

  get from(): SenderId | undefined {
    return this.#binding?.from;
  }

  get statistics(): ReceivedStatistics {
    return { decrypted: this.#decrypted, refused: this.#refused.counts };
  }

  /** Frames that are on their way through here already are dropped: they are of whom it was bound to before. */
  bind(binding: Binding | undefined): void {
    if (binding?.from === this.from) this.#watch.rekeyed();
    else this.#watch.restart();
    this.#binding = binding;
  }

  /** Decrypts it in place; false where it must not be shown. */
  async pass(frame: EncodedFrame, ask?: AskKeyFrame): Promise<boolean> {
    const binding = this.#binding;
    const got = await this.#decrypt(frame, binding).catch((): Got => ({ kind: 'dropped', reason: 'failed' }));
    if (binding !== this.#binding) {
      this.refuse('unbound');
      return false;
    }
    switch (got.kind) {
      case 'decrypted':
        this.#decrypted += 1;
        this.#watch.authentic();
        if (this.#parts.kind === 'video') this.#keyFrame.goesOn(frame.type, ask);
        return true;
      case 'failed':
        this.refuse(got.reason);
        this.#watch.refused(got.reason, got.number);
        return false;
      case 'dropped':
        this.refuse(got.reason);
        return false;
    }
  }

  refuse(reason: ReceiveRefusal): void {
    this.#refused.count(reason);
    // What came before, or has nothing in it, is not missing.
    if (reason !== 'replayed' && reason !== 'empty') this.#keyFrame.lost();
  }

  async #decrypt(frame: EncodedFrame, binding: Binding | undefined): Promise<Got> {
    if (binding === undefined) return { kind: 'dropped', reason: 'unbound' };
    const { format } = this.#parts;
    const whole = new Uint8Array(frame.data);
    if (whole.length === 0) return { kind: 'dropped', reason: 'empty' };
    const found = this.codecs.of(frame);
    if (found.kind === 'unknown') this.#parts.codecsWanted();
    if (found.kind !== 'known') return { kind: 'failed', reason: 'codec' };
    const bytes = format.clearBytes(found.codec, whole);
    if (bytes === undefined) return { kind: 'failed', reason: 'truncated' };
    const [clear, encrypted] = [whole.slice(0, bytes), whole.slice(bytes)];
    const number = format.numberOf(encrypted);
    if (binding.frames === undefined) return { kind: 'failed', reason: 'no_key', number };
    const received = await binding.frames.decrypt(clear, encrypted);
    if (received.kind === 'refused') return { kind: 'failed', reason: received.reason, number };
    const shown = joined(clear, received.frame);
    await this.#note(binding, number, shown);
    frame.data = shown.buffer;
    return { kind: 'decrypted' };
  }

  async #note({ from }: Binding, number: FrameNumber | undefined, clear: Bytes): Promise<void> {
    const { witness, kind } = this.#parts;
    if (witness !== undefined && number !== undefined)
      await witness.note({ direction: 'receive', kind, from, number, clear });
  }
}
