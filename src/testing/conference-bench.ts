/** Drives the call's rules without a media engine: its outcomes come when a test says so. */
import type { ControlMessage, Subscription, WantedTrack } from '../../signalling/wire/control.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { StreamsMessage, TrackLayers } from '../../signalling/wire/streams.ts';
import { afterChange } from '../../signalling/wire/streams-changed.ts';
import type { CallRef, Effect, Input, News } from '../conference/messages.ts';
import { type Client, type Conference, emptyConference } from '../conference/state.ts';
import { step } from '../conference/step.ts';
import type { PublishedTrack, Served } from '../ports.ts';
import { answerAcross, offerAcross } from './fake-trunk-media.ts';
import {
  type FocusId,
  keyOfSession,
  keyOfSubscription,
  type SessionId,
  type SessionKey,
  type SubscriptionKey,
  type TrackRef,
} from '../session.ts';

export interface BenchClient {
  session: SessionId;
  call: CallRef;
  metadata: StreamMetadata;
  tracks: PublishedTrack[];
  /** Names of the codecs that its offers take; all where it is absent. */
  receives?: string[];
  /** Told all streams, it takes what changes of them. */
  takesChanges?: boolean;
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
      { ref: audio, kind: 'audio', codec: 'opus', layers: [{ rid: undefined }] },
      { ref: video, kind: 'video', codec: 'VP8', layers: ['q', 'h', 'f'].map(rid => ({ rid })) },
    ],
  };
}

export class ConferenceBench {
  readonly conference: Conference;
  now = 1_000_000;
  /** The media engine says of each answer that an offer must complete it. */
  completesOffers = false;
  /** Everything asked for so far. */
  readonly effects: Effect[] = [];
  /** What the media engine still has to do, per call in order. */
  work: MediaWork[] = [];
  readonly #clients = new Map<string, BenchClient>();

  constructor(focus: FocusId = { userId: '@focus:example.org', deviceId: 'WEIR' }) {
    this.conference = emptyConference({ roomId: '!room:example.org', confId: 'conf' }, focus);
  }

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
    const { session, call, metadata, takesChanges = false } = client;
    const { callId } = call;
    return this.take({ kind: 'invited', session, callId, sdp: 'offer', metadata, earlyOffer, takesChanges });
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
        if (this.#isTrunk(ref)) {
          this.take({ kind: 'answered', call: ref, revision, answer: answerAcross(work.sdp) });
          break;
        }
        const { tracks: published = [], receives } = this.#clients.get(ref.callId) ?? {};
        this.take({
          kind: 'answered',
          call: ref,
          revision,
          answer: {
            sdp: `answer ${revision}`,
            published,
            refused: [],
            ...(receives === undefined ? {} : { receives }),
            offerDue: this.completesOffers,
          },
        });
        break;
      }
      case 'make-offer':
        this.take({
          kind: 'offer-made',
          call: ref,
          revision,
          sdp: this.#isTrunk(ref) ? offerAcross(this.conference, work.tracks) : `offer ${revision}`,
        });
        break;
      case 'take-answer':
        this.take({ kind: 'answer-taken', call: ref, revision });
        break;
    }
    return true;
  }

  #isTrunk({ key }: CallRef): boolean {
    return this.conference.participants.get(key)?.kind === 'focus';
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

  /** A subscription message that leaves out what is not given. */
  want(viewer: BenchClient, wants: Partial<Omit<Subscription, 'kind'>>): Effect[] {
    return this.say(viewer, { kind: 'subscription', subscribe: [], unsubscribe: [], ...wants });
  }

  /** What the viewer's link carries, in bit/s. */
  estimate(viewer: BenchClient, available: number): Effect[] {
    return this.take({ kind: 'estimated', call: viewer.call, available });
  }

  /** What arrives of the publisher's camera, the lowest layer first, and of its microphone; in bit/s. */
  measure(publisher: BenchClient, bitrates: number[], audio = 32_000): Effect[] {
    return this.take({
      kind: 'measured',
      call: publisher.call,
      tracks: [
        { ref: videoOf(publisher), bitrates },
        { ref: audioOf(publisher), bitrates: [audio] },
      ],
    });
  }

  /** Bitrates that begin now, and count once they are no longer new. */
  settleBitrates(publishers: readonly BenchClient[], bitrates: number[], audio?: number): void {
    for (const publisher of publishers) this.measure(publisher, bitrates, audio);
    this.pass(4_000);
    for (const publisher of publishers) this.measure(publisher, bitrates, audio);
  }

  /** The media engine says which layer of the publisher's camera flows to the viewer. */
  show(viewer: BenchClient, publisher: BenchClient, layer: number | undefined): Effect[] {
    return this.take({ kind: 'shown', call: viewer.call, track: keyOfSubscription(videoOf(publisher)), layer });
  }

  /** The client is the main speaker from now on. */
  speak(client: BenchClient): Effect[] {
    return this.take({ kind: 'dominant', call: client.call, track: audioOf(client) });
  }

  /** How the viewer is served of the publisher's camera, or of a copy of it; `undefined` where it was never offered. */
  served(viewer: BenchClient, publisher: BenchClient, variant?: string): Served | undefined {
    const key = keyOfSubscription({ ...videoOf(publisher), ...(variant === undefined ? {} : { variant }) });
    const track = this.conference.participants.get(viewer.call.key)?.offered.get(key);
    return track && { layer: track.layer, paused: track.paused, priority: track.priority };
  }

  /** Agrees on everything that is to be offered to anybody. */
  agree(...clients: BenchClient[]): void {
    this.finishAll();
    for (const client of clients) {
      if (this.conference.participants.get(client.call.key)?.negotiation.kind === 'offering') this.answer(client);
    }
  }

  /** What a client was told, oldest first. */
  newsFor(client: BenchClient, kind?: News['kind']): News[] {
    return newsIn(this.effects, client, kind);
  }

  /** The streams of the others as a client knows them. */
  lastMetadata(client: BenchClient): StreamMetadata | undefined {
    let known: StreamMetadata | undefined;
    for (const news of this.newsFor(client)) {
      if (news.kind === 'streams_changed') known = afterChange(known ?? {}, news);
      else if ('metadata' in news) known = news.metadata ?? known;
    }
    return known;
  }
}

/** The streams as their publisher says that they are encrypted end to end, or are not. */
export function encrypted(metadata: StreamMetadata, format: string | false = 'sframe'): StreamMetadata {
  return Object.fromEntries(
    Object.entries(metadata).map(([streamId, { 'org.weir.encryption': _, ...stream }]) => [
      streamId,
      format === false ? stream : { ...stream, 'org.weir.encryption': format },
    ]),
  );
}

/** Clients of these names in one call. */
export function callOfMany<const Names extends readonly string[]>(
  ...names: Names
): { bench: ConferenceBench; clients: { [K in keyof Names]: BenchClient } } {
  const bench = new ConferenceBench();
  const clients = names.map(name => benchClient(name));
  for (const client of clients) bench.join(client);
  return { bench, clients: clients as { [K in keyof Names]: BenchClient } };
}

/** The clients that take part. */
export function clientsIn({ participants }: Conference): Client[] {
  return [...participants.values()].filter(participant => participant.kind === 'client');
}

/** The client of a session; `undefined` where it is not here. */
export function clientOf({ participants }: Conference, key: SessionKey): Client | undefined {
  const participant = participants.get(key);
  return participant?.kind === 'client' ? participant : undefined;
}

/** The client's camera. */
export function videoOf(client: BenchClient): TrackRef {
  return refOf(client, 'video');
}

/** The client's microphone. */
export function audioOf(client: BenchClient): TrackRef {
  return refOf(client, 'audio');
}

function refOf(client: BenchClient, kind: 'audio' | 'video'): TrackRef {
  const track = client.tracks.find(one => one.kind === kind);
  if (track === undefined) throw new Error(`${client.session.userId} publishes no ${kind}`);
  return track.ref;
}

/** The client's camera as a viewer may want it. */
export function cameraOf(client: BenchClient, wanted: Omit<WantedTrack, 'streamId' | 'trackId'> = {}): WantedTrack {
  return { ...videoOf(client), ...wanted };
}

/** The client's camera with some of its layers on, the lowest first. */
export function layersOfCamera(client: BenchClient, active: readonly boolean[]): TrackLayers {
  const layers = client.tracks.find(({ kind }) => kind === 'video')?.layers ?? [];
  return {
    ...videoOf(client),
    layers: layers.map(({ rid }, index) => ({ ...(rid === undefined ? {} : { rid }), active: active[index] ?? true })),
  };
}

/** What a client was told about streams, of one kind, oldest first. */
export function toldIn<Kind extends StreamsMessage['kind']>(
  effects: readonly Effect[],
  client: BenchClient,
  kind: Kind,
): Extract<StreamsMessage, { kind: Kind }>[] {
  const isOfKind = (message: StreamsMessage): message is Extract<StreamsMessage, { kind: Kind }> =>
    message.kind === kind;
  return newsIn(effects, client, 'streams').flatMap(news =>
    news.kind === 'streams' && isOfKind(news.message) ? [news.message] : [],
  );
}

/** Layers of its camera that a publisher was told to send, the lowest first; one for each time that it was told. */
export function wantedOf(effects: readonly Effect[], publisher: BenchClient): string[] {
  const { trackId } = videoOf(publisher);
  return toldIn(effects, publisher, 'layers_wanted').flatMap(({ tracks }) =>
    tracks
      .filter(track => track.trackId === trackId)
      .map(({ layers }) => layers.flatMap(({ active }, index) => (active ? [index] : [])).join(' ')),
  );
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

/** How viewers are served anew. */
export function adjustsIn(effects: readonly Effect[]): ({ track: SubscriptionKey } & Served)[] {
  return effects.flatMap(effect => (effect.kind === 'adjust' ? { track: effect.track, ...effect.served } : []));
}

export function callOfWork(work: MediaWork): CallRef {
  return work.kind === 'open' ? { key: work.key, callId: work.session.callId } : work.call;
}

function isWork(effect: Effect): effect is MediaWork {
  return ['open', 'answer-offer', 'make-offer', 'take-answer'].includes(effect.kind);
}
