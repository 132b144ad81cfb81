/** How it is with what a receiver gets, said calmly. Pure. */
import type { Refusal } from '../sframe/received-frames.ts';
import type { FrameNumber } from './frame-format.ts';

/** Why one frame cannot be shown. */
export type FrameFailure =
  | Refusal
  /** It is in a codec that is not encrypted: H264, AV1. */
  | 'codec';

/** Why none can. */
export type FailureReason =
  | FrameFailure
  /** They look as if nobody had encrypted them in our format. Nothing proves that: it is a word for people. */
  | 'clear';

export type ReceiveState =
  /** Nothing came yet, or nobody has said whose frames come. */
  | { readonly kind: 'waiting' }
  /** What comes is authentic. */
  | { readonly kind: 'decrypted' }
  /** Nothing of what comes can be shown. */
  | { readonly kind: 'failing'; readonly reason: FailureReason };

/** ms in which frames came, and no authentic one. */
export const FAILS_AFTER_MS = 500;
/** Frames that are no accident, however far they are apart. */
const FAILS_AFTER_FRAMES = 3;
/** Frames that a sender may have numbered between two that arrive: those of its other tracks, and lost ones. */
const MOST_AHEAD = 2n ** 16n;
/** Steps and generations that a key may be ahead of the one before. */
const MOST_KEYS_AHEAD = 2n ** 12n;

/** Frames since the last authentic one, or since they were looked at. */
interface Failed {
  readonly since: number;
  readonly frames: number;
  /** Those whose number does not follow those before. */
  readonly strange: number;
  readonly highest: FrameNumber | undefined;
  readonly reasons: ReadonlyMap<FrameFailure, number>;
}

export class ReceiveWatch {
  readonly #told: (state: ReceiveState) => void;
  readonly #now: () => number;
  #state: ReceiveState = { kind: 'waiting' };
  #failed: Failed | undefined;

  /**
   * @param told of each change
   * @param now ms, never going back
   */
  constructor(told: (state: ReceiveState) => void, now: () => number) {
    this.#told = told;
    this.#now = now;
  }

  /** From now on frames of somebody else come. */
  restart(): void {
    this.#failed = undefined;
    this.#become({ kind: 'waiting' });
  }

  /** From now on they are read with other keys: it may go better, and is no worse before it is. */
  rekeyed(): void {
    this.#failed = undefined;
  }

  authentic(): void {
    this.#failed = undefined;
    this.#become({ kind: 'decrypted' });
  }

  /** @param number what the frame says of itself, where it could be one of ours */
  refused(reason: FrameFailure, number: FrameNumber | undefined): void {
    const now = this.#now();
    const failed = counted(this.#failed ?? nothingSince(now), reason, number);
    this.#failed = failed;
    if (now - failed.since < FAILS_AFTER_MS || failed.frames < FAILS_AFTER_FRAMES) return;
    // Begins anew, so that a reason which changes is noticed, and one that alternates is not.
    this.#failed = nothingSince(now);
    this.#become({ kind: 'failing', reason: reasonOf(failed) });
  }

  #become(state: ReceiveState): void {
    const before = this.#state;
    if (state.kind === before.kind && (state.kind !== 'failing' || reasonIn(before) === state.reason)) return;
    this.#state = state;
    this.#told(state);
  }
}

function reasonIn(state: ReceiveState): FailureReason | undefined {
  return state.kind === 'failing' ? state.reason : undefined;
}

function nothingSince(since: number): Failed {
  return { since, frames: 0, strange: 0, highest: undefined, reasons: new Map() };
}

function counted(failed: Failed, reason: FrameFailure, number: FrameNumber | undefined): Failed {
  const reasons = new Map(failed.reasons).set(reason, (failed.reasons.get(reason) ?? 0) + 1);
  const frames = failed.frames + 1;
  switch (reason) {
    // What is in another codec says so; what came before was one of ours.
    case 'codec':
    case 'replayed':
      return { ...failed, frames, reasons };
    case 'truncated':
    case 'no_key':
    case 'not_authentic': {
      if (number !== undefined && follows(number, failed.highest))
        return { ...failed, frames, reasons, highest: number };
      return { ...failed, frames, reasons, strange: failed.strange + 1 };
    }
  }
}

/** Numbers of an encrypted stream grow; what stands there in one that is not encrypted jumps, or stands still. */
function follows({ keyId, counter }: FrameNumber, highest: FrameNumber | undefined): boolean {
  if (highest === undefined) return true;
  if (keyId !== highest.keyId)
    return keyId > highest.keyId && keyId - highest.keyId < MOST_KEYS_AHEAD && counter < MOST_AHEAD;
  return counter > highest.counter && counter - highest.counter < MOST_AHEAD;
}

/** A late frame among those of a stream is strange, too; of a clear stream most are. */
function reasonOf({ frames, strange, reasons }: Failed): FailureReason {
  const [most] = [...reasons].sort(([, one], [, other]) => other - one);
  if (most === undefined || strange * 3 > frames) return 'clear';
  return most[0];
}
