import { parse } from 'sdp-transform';

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
  /** An RTP packet of a track that the focus sends. */
  packet(track: TrackIds): void;
}

/** A track that a peer sends. */
export interface SentTrack extends TrackIds {
  kind: 'audio' | 'video';
  /** As the offer says; the focus never sends in a section of the client. */
  direction: 'sendonly' | 'sendrecv';
}

/** The WebRTC stack of a peer: one transport, one BUNDLE group. Calls must not overlap. */
export interface Endpoint {
  /** Sends a track from the next offer on; gives the track id that the offer names, which not every stack lets choose. */
  send(track: SentTrack): string;
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
  for (const section of parse(sdp).media) {
    const [msid] = section.msid ?? [];
    if (section.mid === undefined || msid === undefined) continue;
    tracks.set(String(section.mid), { streamId: msid.id, trackId: msid.appdata ?? '' });
  }
  return tracks;
}

export function keyOf({ streamId, trackId }: TrackIds): string {
  return `${streamId} ${trackId}`;
}
