/** What the worker does, whatever brings its messages and frames: a browser, or a test. */
import type { EncodedFrame } from './encoded-frame.ts';
import { formatNamed } from './formats.ts';
import type { DecryptingKeys, EncryptingKeys, FormatName, FrameFormat } from './frame-format.ts';
import { runLane } from './frame-lane.ts';
import type { AskKeyFrame } from './key-frame-wish.ts';
import type { Answer, FrameStreams, FromWorker, Question, ToWorker, TrackRef } from './messages.ts';
import { ReceivedTrack } from './received-track.ts';
import type { SenderId } from './sender-id.ts';
import { SentTrack } from './sent-track.ts';
import type { SharedKey } from '../sframe/sent-keys.ts';
import type { ReceivedStatistics, SentStatistics } from './track-statistics.ts';
import { Witness } from './witness.ts';

/** ms between two questions for the codecs of one track. */
const ASKS_CODECS_EVERY_MS = 250;

export interface FrameWorkerParts {
  readonly format: FormatName;
  readonly witness: boolean;
  readonly post: (message: FromWorker) => void;
  /** ms, never going back */
  readonly now: () => number;
}

type Track =
  | { readonly direction: 'send'; readonly frames: SentTrack }
  | { readonly direction: 'receive'; readonly frames: ReceivedTrack };

/** Keys of one stay of a sender. */
interface Stay {
  readonly stay: string;
  readonly keys: DecryptingKeys;
}

export class FrameWorker {
  readonly #post: (message: FromWorker) => void;
  readonly #now: () => number;
  readonly #format: FrameFormat;
  readonly #witness: Witness | undefined;
  readonly #ownKeys: Promise<EncryptingKeys>;
  readonly #tracks = new Map<number, Track>();
  readonly #senders = new Map<SenderId, Stay>();

  constructor({ format, witness, post, now }: FrameWorkerParts) {
    this.#post = post;
    this.#now = now;
    this.#format = formatNamed(format);
    this.#witness = witness ? new Witness(records => post({ type: 'witness', records })) : undefined;
    this.#ownKeys = this.#format.ownKeys();
    this.#ownKeys.catch((cause: unknown) => {
      post({ type: 'failed', code: 'unsupported', message: `No key can be made here: ${String(cause)}` });
    });
  }

  take(message: ToWorker<EncodedFrame>): void {
    switch (message.type) {
      // Whoever made this has read it.
      case 'start':
        return;
      case 'track':
        this.#trackOf(message.ref);
        return;
      case 'streams':
        this.attach(message.ref, message.streams);
        return;
      case 'codecs':
        this.#tracks.get(message.track)?.frames.codecs.update(message.codecs);
        return;
      case 'bind':
        this.#bind(message.track, message.from);
        return;
      case 'detach':
        this.#tracks.delete(message.track);
        return;
      case 'key':
        this.#addKey(message.from, message.stay, message.key);
        return;
      case 'forget':
        this.#forget(message.from);
        return;
      case 'ask':
        this.#ask(message.request, message.question);
        return;
    }
  }

  /** From now on this track's frames come by these, until the browser ends them. */
  attach(ref: TrackRef, { readable, writable }: FrameStreams<EncodedFrame>, ask?: AskKeyFrame): void {
    const { frames } = this.#trackOf(ref);
    const steps = {
      // The frames of a track that is gone are dropped, as long as the browser brings any.
      pass: async (frame: EncodedFrame) => this.#tracks.has(ref.track) && (await frames.pass(frame, ask)),
      overflowed: () => frames.refuse('full'),
    };
    runLane(readable, writable, steps).catch(cause => this.#fail(cause));
  }

  /** Tells what a check has not been told yet, and ends the timer of that. */
  close(): void {
    this.#witness?.flush();
  }

  #trackOf({ track: id, direction, kind }: TrackRef): Track {
    const known = this.#tracks.get(id);
    if (known !== undefined) return known;
    const parts = {
      kind,
      format: this.#format,
      witness: this.#witness,
      now: this.#now,
      codecsWanted: this.#asksCodecs(id),
    };
    const made: Track =
      direction === 'send'
        ? { direction, frames: new SentTrack({ ...parts, keys: this.#ownKeys }) }
        : {
            direction,
            frames: new ReceivedTrack({ ...parts, changed: state => this.#post({ type: 'state', track: id, state }) }),
          };
    this.#tracks.set(id, made);
    return made;
  }

  #asksCodecs(track: number): () => void {
    let asked = -Infinity;
    return () => {
      const now = this.#now();
      if (now - asked < ASKS_CODECS_EVERY_MS) return;
      asked = now;
      this.#post({ type: 'codecs_wanted', track });
    };
  }

  #bind(id: number, from: SenderId | undefined): void {
    const track = this.#tracks.get(id);
    // Who is bound to the same again keeps its windows: nothing that came before comes again.
    if (track?.direction !== 'receive' || track.frames.from === from) return;
    track.frames.bind(from === undefined ? undefined : { from, frames: this.#senders.get(from)?.keys.frames() });
  }

  #addKey(from: SenderId, stay: string, key: SharedKey): void {
    let known = this.#senders.get(from);
    if (known?.stay !== stay) {
      known = { stay, keys: this.#format.keysOfSender() };
      this.#senders.set(from, known);
      this.#rebind(from, known.keys);
    }
    // What the page let through is computed everywhere; if not, this sender's frames say "no_key".
    known.keys.add(key).catch(() => undefined);
  }

  #forget(from: SenderId): void {
    if (this.#senders.delete(from)) this.#rebind(from, undefined);
  }

  #rebind(from: SenderId, keys: DecryptingKeys | undefined): void {
    for (const { direction, frames } of this.#tracks.values())
      if (direction === 'receive' && frames.from === from) frames.bind({ from, frames: keys?.frames() });
  }

  #ask(request: number, question: Question): void {
    this.#answer(question)
      .catch((cause: unknown): Answer => {
        const code = cause instanceof RangeError ? 'key_used_up' : 'worker_failed';
        return { kind: 'failed', code, message: String(cause) };
      })
      .then(answer => this.#post({ type: 'answer', request, answer }))
      .catch(cause => this.#fail(cause));
  }

  async #answer(question: Question): Promise<Answer> {
    const keys = await this.#ownKeys;
    switch (question.kind) {
      case 'shared':
        return { kind: 'key', key: keys.shared };
      case 'ratchet':
        await keys.ratchet();
        return { kind: 'key', key: keys.shared };
      case 'next':
        return { kind: 'key', key: keys.next() };
      case 'use':
        await keys.use(question.key);
        return { kind: 'used' };
      case 'statistics':
        return this.#statistics();
    }
  }

  #statistics(): Answer {
    const sent = new Map<number, SentStatistics>();
    const received = new Map<number, ReceivedStatistics>();
    for (const [id, { direction, frames }] of this.#tracks)
      if (direction === 'send') sent.set(id, frames.statistics);
      else received.set(id, frames.statistics);
    return { kind: 'statistics', sent, received };
  }

  #fail(cause: unknown): void {
    this.#post({ type: 'failed', code: 'worker_failed', message: String(cause) });
  }
}
