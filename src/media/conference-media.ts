import { randomInt } from 'node:crypto';
import type { ErrorCode } from '../../signalling/wire/errors.ts';
import type { TrackKey } from '../session.ts';
import type { CodecName } from './codecs.ts';
import type { ConferenceData, CountData } from './data-channels/conference-data.ts';
import type { Logger } from './options.ts';
import type { Publication } from './publication.ts';
import { type ConferenceRouter, openRouter } from './routers/conference-router.ts';
import { RouterLinks } from './routers/router-links.ts';
import { Speech } from './speech.ts';
import type { WorkerSlot } from './worker-pool.ts';

/** A participant's media, as far as its conference has to do with it. */
export interface ServedPeer {
  fail(code: ErrorCode, message: string): void;
  close(): void;
}

/** A conference on one worker: its router there, and who is on it. */
export interface ConferencePart {
  readonly slot: WorkerSlot;
  readonly opening: Promise<ConferenceRouter>;
  /** Sessions that are open or being opened. */
  participants: number;
  readonly peers: Set<ServedPeer>;
}

/** The media of one conference: a router on each worker that it lives on, none of them special, and what is published in it. */
export class ConferenceMedia {
  readonly published = new Map<TrackKey, Publication>();
  readonly links = new RouterLinks();
  readonly data: ConferenceData;
  readonly speech: Speech;
  readonly #codecs: readonly CodecName[];
  /** In the order in which the conference came to their workers. */
  readonly #parts = new Set<ConferencePart>();

  constructor(codecs: readonly CodecName[], count: CountData, logger: Logger) {
    this.#codecs = codecs;
    this.data = { count, fans: new Map(), lastChannelId: randomInt(2 ** 40) };
    this.speech = new Speech(logger);
  }

  get parts(): readonly ConferencePart[] {
    return [...this.#parts];
  }

  /** Makes room for one more on a worker; its router is opened where there is none. */
  enter(slot: WorkerSlot): ConferencePart {
    const part = this.parts.find(each => each.slot === slot) ?? this.#open(slot);
    part.participants += 1;
    return part;
  }

  /** The part ends with the last who leaves it. */
  leave(part: ConferencePart): void {
    part.participants -= 1;
    if (part.participants > 0) return;
    this.#end(part);
    part.opening.then(
      ({ router }) => router.close(),
      () => undefined,
    );
  }

  /** The worker is gone, and who was on it with it. The others go on. */
  lose(slot: WorkerSlot): void {
    for (const part of this.parts) {
      if (part.slot !== slot) continue;
      this.#end(part);
      for (const peer of [...part.peers]) peer.fail('WEIR_WORKER_DIED', 'the media worker of the participant died');
    }
  }

  close(): void {
    for (const { peers } of this.parts) for (const peer of [...peers]) peer.close();
  }

  #open(slot: WorkerSlot): ConferencePart {
    const opening = openRouter(slot, this.#codecs);
    const part: ConferencePart = { slot, opening, participants: 0, peers: new Set() };
    this.#parts.add(part);
    this.#listenThere();
    opening.catch(() => undefined);
    return part;
  }

  #end(part: ConferencePart): void {
    if (this.#parts.delete(part)) this.#listenThere();
  }

  /** Speakers are compared in one place: on the router that has been there for longest. */
  #listenThere(): void {
    const [first] = this.#parts;
    this.speech.moveTo(first?.opening);
  }
}
