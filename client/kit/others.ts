/** What a session knows of the others: what they send, what of it is here, what the focus grants of it, and who speaks. */
import {
  bindTracks,
  type BoundTrack,
  type RemoteCopy,
  remoteCopies,
  type RemoteStream,
  remoteStreams,
  withoutOwn,
} from './remote-streams.ts';
import type { Device } from './room.ts';
import { trackKey } from './subscriptions.ts';
import type { GrantedTrack, StreamMetadata, StreamsMessage } from './wire.ts';

/** What a focus tells of streams. */
export type StreamsNews = Extract<StreamsMessage, { kind: 'allocation' | 'speakers' | 'audio_levels' }>;

/** Ids of a track. */
export interface TrackIds {
  streamId: string;
  trackId: string;
}

export class Others {
  readonly #self: Device;
  #metadata: StreamMetadata = {};
  #bound: ReadonlyMap<string, BoundTrack> = new Map();
  readonly #grants = new Map<string, GrantedTrack>();
  /** What videos are sent in that cannot be shown here, by track. */
  readonly #undecodable = new Map<string, string>();
  #available: number | undefined;
  #speakers: readonly TrackIds[] = [];
  /** dBov by track; `undefined` until the focus tells levels. */
  #levels: ReadonlyMap<string, number> | undefined;

  constructor(self: Device) {
    this.#self = self;
  }

  /** All that the focus told of streams. */
  get metadata(): StreamMetadata {
    return this.#metadata;
  }

  get streams(): RemoteStream[] {
    return remoteStreams(this.#metadata, this.#bound, this.#self, this.#grants, this.#undecodable);
  }

  get copies(): RemoteCopy[] {
    return remoteCopies(this.#metadata, this.#bound, this.#grants);
  }

  /** What we may subscribe to. */
  get subscribable(): StreamMetadata {
    return withoutOwn(this.#metadata, this.#self);
  }

  /** What our link carries towards us, in bit/s, as the focus estimates it; `undefined` while it did not say. */
  get available(): number | undefined {
    return this.#available;
  }

  /** Audio tracks of those who spoke last, the latest first. */
  get speakers(): readonly TrackIds[] {
    return this.#speakers;
  }

  /** Whether the focus tells levels. */
  get tellsLevels(): boolean {
    return this.#levels !== undefined;
  }

  /** How loud an audio track is, 0 to 1, as the focus tells; 0 where it does not. */
  level({ streamId, trackId }: TrackIds): number {
    const decibels = this.#levels?.get(trackKey(streamId, trackId));
    return decibels === undefined ? 0 : 10 ** (decibels / 20);
  }

  setMetadata(metadata: StreamMetadata): void {
    this.#metadata = metadata;
    const known = new Set(
      Object.entries(metadata).flatMap(([streamId, { tracks = {} }]) =>
        Object.keys(tracks).map(trackId => trackKey(streamId, trackId)),
      ),
    );
    for (const key of this.#grants.keys()) if (!known.has(key)) this.#grants.delete(key);
    for (const key of this.#undecodable.keys()) if (!known.has(key)) this.#undecodable.delete(key);
  }

  /** A description of the focus holds now. */
  bind(remoteSdp: string, transceivers: RTCRtpTransceiver[]): void {
    this.#bound = bindTracks(remoteSdp, transceivers);
    // Sent in another codec meanwhile.
    for (const key of this.#bound.keys()) this.#undecodable.delete(key);
  }

  /** The focus has tracks that we offered no codec for. */
  cannotShow(tracks: readonly TrackIds[], codec = 'another codec'): void {
    for (const { streamId, trackId } of tracks) this.#undecodable.set(trackKey(streamId, trackId), codec);
  }

  /** What we no longer ask for is no longer granted; the focus tells of it anew when we do. */
  unsubscribed(tracks: readonly TrackIds[]): void {
    for (const { streamId, trackId } of tracks) this.#grants.delete(trackKey(streamId, trackId));
  }

  /** The focus told. True where more changed than levels, which are to be read when they are drawn. */
  take(news: StreamsNews): boolean {
    switch (news.kind) {
      case 'allocation':
        this.#available = news.available ?? this.#available;
        for (const track of news.tracks) this.#grants.set(trackKey(track.streamId, track.trackId), track);
        return true;
      case 'speakers':
        this.#speakers = news.latest;
        return true;
      case 'audio_levels':
        this.#levels = new Map(news.levels.map(({ streamId, trackId, level }) => [trackKey(streamId, trackId), level]));
        return false;
    }
  }
}
