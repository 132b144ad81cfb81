/** Who is in the call and which of their tracks are here. */
import type { CannotDecrypt } from './encryption-state.ts';
import type { Device } from './room.ts';
import { sentTracks } from './sections.ts';
import { trackKey } from './subscriptions.ts';
import type { GrantedTrack, StreamDescription, StreamMetadata } from './wire.ts';

/** A track of somebody else as it arrives here. */
export interface BoundTrack {
  track: MediaStreamTrack;
  receiver: RTCRtpReceiver;
  mid: string;
}

/** A stream of somebody else: camera and microphone, or a screen. */
export interface RemoteStream {
  userId: string;
  deviceId: string;
  streamId: string;
  purpose: string;
  audioMuted: boolean;
  videoMuted: boolean;
  audioTrackId: string | undefined;
  videoTrackId: string | undefined;
  /** What its publisher captures, in px, where it says so. */
  width: number | undefined;
  height: number | undefined;
  audio: BoundTrack | undefined;
  video: BoundTrack | undefined;
  /** What the focus lets us have of the video: a layer (0 the lowest) or none, and why; `undefined` where it said nothing. */
  granted: GrantedTrack['grant'] | undefined;
  /** What the video is sent in, where this browser did not offer to receive that: it cannot be shown. */
  undecodable: string | undefined;
  /** Name of the frame format that its publisher says to encrypt with; `undefined`: it says that it does not. */
  encryption: string | undefined;
  /** Why nothing of it is shown in an encrypted call. */
  cannotDecrypt: CannotDecrypt | undefined;
}

/** A further copy of somebody's track, at a size of its own (extension `org.weir.variant`). */
export interface RemoteCopy {
  /** Ids of the track that it is a copy of. */
  streamId: string;
  trackId: string;
  variant: string;
  bound: BoundTrack | undefined;
  granted: GrantedTrack['grant'] | undefined;
}

/**
 * Ties receivers to the tracks that the focus names in its description (RFC 8830): by section, since what a browser makes
 * of the ids differs.
 */
export function bindTracks(remoteSdp: string, transceivers: RTCRtpTransceiver[]): Map<string, BoundTrack> {
  const sent = sentTracks(remoteSdp);
  const bound = new Map<string, BoundTrack>();
  for (const { mid, receiver } of transceivers) {
    const ids = mid === null ? undefined : sent.get(mid);
    if (mid === null || ids === undefined) continue;
    bound.set(trackKey(ids.streamId, ids.trackId), { track: receiver.track, receiver, mid });
  }
  return bound;
}

function isString(value: string | undefined): value is string {
  return value !== undefined;
}

/** Streams of all others, in the order of the metadata; neither ours, those of an earlier session included, nor copies. */
export function remoteStreams(
  metadata: StreamMetadata,
  bound: ReadonlyMap<string, BoundTrack>,
  self: Device,
  grants: ReadonlyMap<string, GrantedTrack> = new Map(),
  undecodable: ReadonlyMap<string, string> = new Map(),
): RemoteStream[] {
  return Object.entries(withoutOwn(metadata, self)).flatMap(([streamId, stream]) => {
    const { user_id: userId, device_id: deviceId } = stream;
    if (!isString(userId) || !isString(deviceId)) return [];
    const tracks = Object.entries(stream.tracks ?? {});
    const idOf = (kind: 'audio' | 'video'): string | undefined => tracks.find(([, track]) => track.kind === kind)?.[0];
    const [audioTrackId, videoTrackId] = [idOf('audio'), idOf('video')];
    const boundTo = (trackId: string | undefined): BoundTrack | undefined =>
      trackId === undefined ? undefined : bound.get(trackKey(streamId, trackId));
    const size = videoTrackId === undefined ? undefined : stream.tracks?.[videoTrackId];
    const granted = videoTrackId === undefined ? undefined : grants.get(trackKey(streamId, videoTrackId))?.grant;
    return [
      {
        userId,
        deviceId,
        streamId,
        purpose: stream.purpose,
        audioMuted: stream.audio_muted ?? false,
        videoMuted: stream.video_muted ?? false,
        audioTrackId,
        videoTrackId,
        width: size?.width,
        height: size?.height,
        audio: boundTo(audioTrackId),
        video: boundTo(videoTrackId),
        granted,
        undecodable: videoTrackId === undefined ? undefined : undecodable.get(trackKey(streamId, videoTrackId)),
        encryption: stream['org.weir.encryption'],
        cannotDecrypt: undefined,
      },
    ];
  });
}

/** What we may subscribe to: the streams of others, each once. */
export function withoutOwn(metadata: StreamMetadata, self: Device): StreamMetadata {
  return Object.fromEntries(
    Object.entries(metadata).filter(
      ([, stream]) => !isCopy(stream) && (stream.user_id !== self.userId || stream.device_id !== self.deviceId),
    ),
  );
}

/** The copies that the focus sends us beside the tracks themselves. */
export function remoteCopies(
  metadata: StreamMetadata,
  bound: ReadonlyMap<string, BoundTrack>,
  grants: ReadonlyMap<string, GrantedTrack>,
): RemoteCopy[] {
  return Object.entries(metadata).flatMap(([streamId, { tracks = {} }]) =>
    Object.entries(tracks).flatMap(([trackId, { 'org.weir.copy_of': source }]) => {
      if (source === undefined) return [];
      const key = trackKey(streamId, trackId);
      const { stream_id, track_id, variant } = source;
      const copy = { streamId: stream_id, trackId: track_id, variant };
      return [{ ...copy, bound: bound.get(key), granted: grants.get(key)?.grant }];
    }),
  );
}

function isCopy({ tracks = {} }: StreamDescription): boolean {
  return Object.values(tracks).some(track => track['org.weir.copy_of'] !== undefined);
}
