/** Drives the call's rules without a media engine: its outcomes come when a test says so. */
import type { ControlMessage } from '../../signalling/wire/control.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { CallRef, Effect, Input, News } from '../conference/messages.ts';
import { type Conference, emptyConference } from '../conference/state.ts';
import { step } from '../conference/step.ts';
import type { PublishedTrack } from '../ports.ts';
import { keyOfSession, type SessionId } from '../session.ts';

export interface BenchClient {
  session: SessionId;
  call: CallRef;
  metadata: StreamMetadata;
  tracks: PublishedTrack[];
}

type MediaWork = Extract<Effect, { kind: 'open' | 'answer-offer' | 'make-offer' | 'take-answer' }>;

/** A client that sends a camera of 1280x720 px with three layers, and a microphone. */
export function benchClient(name: string, sessionId = 's1', callId = `call-${name}-${sessionId}`): BenchClient {
  const session = { userId: `@${name}:example.org`, deviceId: `${name.toUpperCase()}DEV`, sessionId };
  const streamId = `stream-${name}-${sessionId}`;
  const audio = { streamId, trackId: `audio-${name}-${sessionId}` };
  const video = { streamId, trackId: `video-${name}-${sessionId}` };
  return {
    session,
    call: { key: keyOfSession(session), callId },
    metadata: {
      [streamId]: {
        purpose: 'm.usermedia',
        tracks: { [audio.trackId]: { kind: 'audio' }, [video.trackId]: { kind: 'video', width: 1280, height: 720 } },
      },
    },
    tracks: [
      { ref: audio, kind: 'audio', layers: 1 },
      { ref: video, kind: 'video', layers: 3 },
    ],
  };
}

export class ConferenceBench {
  readonly conference: Conference = emptyConference({ roomId: '!room:example.org', confId: 'conf' });
  now = 1_000_000;
  /** The media engine says of each answer that an offer must complete it. */
  completesOffers = false;
  /** Everything asked for so far. */
  readonly effects: Effect[] = [];
  /** What the media engine still has to do, per call in order. */
  work: MediaWork[] = [];
  readonly #clients = new Map<string, BenchClient>();

  take(...inputs: Input[]): Effect[] {
    const effects = step(this.conference, inputs, this.now);
    this.effects.push(...effects);
    for (const effect of effects) {
      if (effect.kind === 'close') this.work = this.work.filter(work => callOfWork(work).callId !== effect.call.callId);
      if (isWork(effect)) this.work.push(effect);
    }
    return effects;
  }

  invite(client: BenchClient, earlyOffer = false): Effect[] {
    this.#clients.set(client.call.callId, client);
    const { session, call, metadata } = client;
    return this.take({ kind: 'invited', session, callId: call.callId, sdp: 'offer', metadata, earlyOffer });
  }

  /** The media engine finishes the oldest work it has, of that call or at all. False where there is none. */
  finish(call?: CallRef, outcome: 'done' | 'failed' = 'done'): boolean {
    const work = this.work.find(one => call === undefined || callOfWork(one).callId === call.callId);
    if (work === undefined) return false;
    this.work = this.work.filter(one => one !== work);
    const ref = callOfWork(work);
    const { revision } = work;
    if (outcome === 'failed') {
      this.take({
        kind: 'negotiation-failed',
        call: ref,
        revision,
        error: new WeirError('WEIR_BAD_SDP', 'as the test asked'),
      });
      return true;
    }
    switch (work.kind) {
      case 'open':
      case 'answer-offer': {
        const published = this.#clients.get(ref.callId)?.tracks ?? [];
        this.take({
          kind: 'answered',
          call: ref,
          revision,
          answer: { sdp: `answer ${revision}`, published, refused: [], offerDue: this.completesOffers },
        });
        break;
      }
      case 'make-offer':
        this.take({ kind: 'offer-made', call: ref, revision, sdp: `offer ${revision}` });
        break;
      case 'take-answer':
        this.take({ kind: 'answer-taken', call: ref, revision });
        break;
    }
    return true;
  }

  finishAll(): void {
    while (this.finish());
  }

  say(client: BenchClient, message: ControlMessage): Effect[] {
    return this.take({ kind: 'said', call: client.call, message, replyBy: 'control' });
  }

  /** Joins all the way: answered, heard, channel open. */
  join(client: BenchClient): void {
    this.invite(client);
    this.finishAll();
    this.take({ kind: 'path', call: client.call, state: 'heard' }, { kind: 'control-open', call: client.call });
  }

  /** Answers the offer that stands, and lets the media engine take the answer. */
  answer(client: BenchClient): void {
    this.say(client, { kind: 'negotiate', description: { type: 'answer', sdp: 'answer' }, metadata: undefined });
    this.finishAll();
  }

  subscribe(viewer: BenchClient, publisher: BenchClient, size?: { width: number; height: number }): Effect[] {
    const subscribe = publisher.tracks.map(track => ({ ...track.ref, ...(track.kind === 'video' ? size : {}) }));
    return this.say(viewer, { kind: 'subscription', subscribe, unsubscribe: [] });
  }

  pass(ms: number): Effect[] {
    this.now += ms;
    return this.take({ kind: 'tick' });
  }

  /** What a client was told, oldest first. */
  newsFor(client: BenchClient, kind?: News['kind']): News[] {
    return newsIn(this.effects, client, kind);
  }

  lastMetadata(client: BenchClient): StreamMetadata | undefined {
    const told = this.newsFor(client).flatMap(news => ('metadata' in news ? [news.metadata] : []));
    return told.at(-1);
  }
}

/** Alice and Bob in a call; Bob watches Alice at the size given, in px. */
export function watchedCall(size = { width: 1280, height: 720 }) {
  const bench = new ConferenceBench();
  const alice = benchClient('alice');
  const bob = benchClient('bob');
  bench.join(alice);
  bench.join(bob);
  bench.subscribe(bob, alice, size);
  bench.finishAll();
  bench.answer(bob);
  return { bench, alice, bob };
}

export function newsIn(effects: readonly Effect[], client: BenchClient, kind?: News['kind']): News[] {
  return effects.flatMap(effect =>
    effect.kind === 'tell' &&
    effect.call.callId === client.call.callId &&
    (kind === undefined || effect.news.kind === kind)
      ? [effect.news]
      : [],
  );
}

export function offersIn(effects: readonly Effect[]) {
  return effects.filter(effect => effect.kind === 'make-offer');
}

export function adjustsIn(effects: readonly Effect[]) {
  return effects.filter(effect => effect.kind === 'adjust');
}

export function callOfWork(work: MediaWork): CallRef {
  return work.kind === 'open' ? { key: work.key, callId: work.session.callId } : work.call;
}

function isWork(effect: Effect): effect is MediaWork {
  return ['open', 'answer-offer', 'make-offer', 'take-answer'].includes(effect.kind);
}
