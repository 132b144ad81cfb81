import { randomUUID } from 'node:crypto';
import type { StreamDescription, StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { CallAddress } from './client-messages.ts';
import type { Endpoint, SentTrack, TrackIds } from './endpoint.ts';

/** What a peer publishes, and what it tells the others of that. */
export class Published {
  /** Of its camera and microphone. */
  readonly streamId = randomUUID();
  readonly metadata: StreamMetadata = {};
  readonly #call: CallAddress;
  readonly #endpoint: Endpoint;
  readonly #tracks: SentTrack[] = [];
  #encryption: string | undefined;

  constructor(call: CallAddress, endpoint: Endpoint) {
    this.#call = call;
    this.#endpoint = endpoint;
  }

  /** A microphone, a camera, or both. */
  own(kinds: readonly ('audio' | 'video')[] = ['audio', 'video']): void {
    const tracks = kinds.map(kind => this.#send(kind, this.streamId, 'sendrecv'));
    this.#announce(this.streamId, tracks, { purpose: 'm.usermedia', audio_muted: false, video_muted: false });
  }

  /** Gives the id of its stream. */
  screen(): string {
    const streamId = randomUUID();
    this.#announce(streamId, [this.#send('video', streamId, 'sendonly')], { purpose: 'm.screenshare' });
    return streamId;
  }

  tracks(): TrackIds[] {
    return this.#tracks.map(({ streamId, trackId }) => ({ streamId, trackId }));
  }

  /** Mutes the camera or the microphone. */
  setMuted(kind: 'audio' | 'video', muted: boolean): void {
    for (const track of this.#tracks) {
      if (track.streamId === this.streamId && track.kind === kind) this.#endpoint.setMuted(track, muted);
    }
    const stream = this.metadata[this.streamId];
    if (stream !== undefined) stream[kind === 'audio' ? 'audio_muted' : 'video_muted'] = muted;
  }

  /** From now on it says of its streams that they are encrypted end to end, in the frame format of this name; or that they are not. */
  sayEncryption(format: string | undefined): void {
    this.#encryption = format;
    for (const stream of Object.values(this.metadata)) {
      if (format === undefined) delete stream['org.weir.encryption'];
      else stream['org.weir.encryption'] = format;
    }
  }

  #send(kind: 'audio' | 'video', streamId: string, direction: SentTrack['direction']): SentTrack {
    const wanted = { kind, streamId, trackId: randomUUID(), direction };
    const sent = { ...wanted, trackId: this.#endpoint.send(wanted) };
    this.#tracks.push(sent);
    return sent;
  }

  #announce(streamId: string, tracks: readonly SentTrack[], stream: Omit<StreamDescription, 'tracks'>): void {
    const { width, height } = this.#endpoint.camera;
    this.metadata[streamId] = {
      user_id: this.#call.userId,
      device_id: this.#call.deviceId,
      ...stream,
      ...(this.#encryption === undefined ? {} : { 'org.weir.encryption': this.#encryption }),
      tracks: Object.fromEntries(
        tracks.map(({ kind, trackId }) => [trackId, kind === 'audio' ? { kind } : { kind, width, height }]),
      ),
    };
  }
}
