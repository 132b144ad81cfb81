import type { FrameSize } from '../media/recordings.ts';

/** A track by the ids of its msid. */
export interface TrackIds {
  streamId: string;
  trackId: string;
}

/** What a stack tells of itself, until it is closed. */
export interface EndpointEvents {
  control(text: string): void;
  controlOpen(): void;
  controlClosed(): void;
  /** RTP packets of a track that the focus sends: one at a time, or as many as came since the last word of it. */
  packet(track: TrackIds, count: number): void;
}

/** A track that a peer sends. */
export interface SentTrack extends TrackIds {
  kind: 'audio' | 'video';
  /** As the offer says; the focus never sends in a section of the client. */
  direction: 'sendonly' | 'sendrecv';
}

/** The WebRTC stack of a peer: one transport, one BUNDLE group. Calls must not overlap. */
export interface Endpoint {
  /** What its cameras capture. */
  readonly camera: FrameSize;
  /** Sends a track from the next offer on; gives the track id that the offer names, which not every stack lets choose. */
  send(track: SentTrack): string;
  /** Which layers of a simulcast track are sent, lowest first; nothing for tracks of one layer. */
  setLayers(track: TrackIds, active: readonly boolean[]): void;
  /** Mutes a track, or ends that: a muted microphone sends silence, a muted camera next to nothing. */
  setMuted(track: TrackIds, muted: boolean): void;
  offer(): Promise<string>;
  takeAnswer(sdp: string): Promise<void>;
  answer(sdp: string): Promise<string>;
  /** Whether an offer of its own waits for its answer. */
  hasLocalOffer(): boolean;
  /** False where the channel is not open. */
  sendControl(text: string): boolean;
  isConnected(): boolean;
  close(): void;
}

/** mid → the track that the section of a description sends. */
export function tracksByMid(sdp: string): Map<string, TrackIds> {
  const tracks = new Map<string, TrackIds>();
  for (const section of sdp.split(/\r?\nm=/).slice(1)) {
    const mid = /^a=mid:(\S+)/m.exec(section)?.[1];
    const [, streamId, trackId] = /^a=msid:(\S+)(?: (\S+))?/m.exec(section) ?? [];
    if (mid !== undefined && streamId !== undefined) tracks.set(mid, { streamId, trackId: trackId ?? '' });
  }
  return tracks;
}

export function keyOf({ streamId, trackId }: TrackIds): string {
  return `${streamId} ${trackId}`;
}
