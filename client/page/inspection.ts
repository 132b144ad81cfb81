/** `window.weir`: how automatic checks look into the page. Nothing here changes what people see, but join, leave and what cuts. */
import {
  type ApplicationData,
  type Marks,
  preciseNow,
  type RemoteStream,
  senderOf,
  type TrackIds,
  type WitnessedKey,
} from '../kit/index.ts';
import type { AppModel } from './app-model.ts';

/** One of the others, as a check sees it: one entry for each stream. */
export interface InspectedParticipant {
  userId: string;
  deviceId: string;
  streamId: string;
  purpose: string;
  audioMuted: boolean;
  videoMuted: boolean;
  audioTrackId: string | undefined;
  videoTrackId: string | undefined;
  /** mids of their sections, where they are bound: `mid` of inbound-rtp statistics. */
  audioMid: string | undefined;
  videoMid: string | undefined;
  audioTrack: MediaStreamTrack | undefined;
  videoTrack: MediaStreamTrack | undefined;
  /** The tile and the video in it. */
  tile: Element | undefined;
  video: HTMLVideoElement | undefined;
  /** What the focus lets us have of the video: a layer (0 the lowest), or none and why; `undefined` where it said nothing. */
  granted: RemoteStream['granted'];
  /** What the video is sent in, where this browser cannot show that. */
  undecodable: string | undefined;
  /** Why it cannot be decrypted, where the call is encrypted and it cannot. */
  cannotDecrypt: RemoteStream['cannotDecrypt'];
}

/** A frame that this page encrypted, or decrypted and found authentic. */
interface InspectedFrame {
  direction: 'sent' | 'received';
  kind: 'audio' | 'video';
  /** JSON of [user id, device id] of its sender. */
  from: string;
  /** Decimal, as is the counter. */
  keyId: string;
  counter: string;
  /** Of the frame in the clear: the first 8 bytes of SHA-256, in hexadecimal. */
  digest: string;
  /** When it was encrypted, or decrypted, ms since 1970. */
  at: number;
}

/** A key that was held here at some time. */
interface InspectedKey extends Pick<WitnessedKey, 'generation' | 'step' | 'baseKey' | 'at'> {
  from: string;
  stay: string;
}

export interface InspectedEncryption {
  /** `off`, `on`, `unavailable`; `none` outside of a room. */
  state(): string;
  /** What people compare; `undefined` until all devices are known. */
  code(): string | undefined;
  /** All frames since it was asked last. */
  witness(): InspectedFrame[];
  keys(): InspectedKey[];
  cannotDecrypt(): { streamId: string; reason: string }[];
}

export interface Inspection {
  /** Connections that this page made and did not close: one in a call, none outside. */
  peerConnections(): RTCPeerConnection[];
  /** `loading`, `signIn`, `rooms`, or the state of the call: `idle`, `joining`, `connected`, `reconnecting`, `left`, `ended`. */
  state(): string;
  /** Code of the problem that is shown, if any. */
  problem(): string | undefined;
  participants(): InspectedParticipant[];
  /** bit/s that our link carries towards us, as the focus estimates it; `undefined` while it did not say. */
  available(): number | undefined;
  /** How the call is encrypted, and with a link that says `witness=1` all about it. */
  readonly encryption: InspectedEncryption;
  /** Audio tracks of those who spoke last, the latest first. */
  speakers(): readonly TrackIds[];
  /** Data channels beside the call; `undefined` outside of a room. */
  readonly data: ApplicationData | undefined;
  /** Moments of the latest join, in ms since 1970, and `way`: how its invite went. */
  readonly marks: Readonly<Marks>;
  /** Asks for another size (device px) than the drawn one; sent at once. Returns when, in ms since 1970. */
  wantSize(streamId: string, trackId: string, width: number, height: number): number;
  /** Whether the line of fast signalling is open; `cut` where it was, `none` where it never was (`signalling=to-device` in the link). */
  signalling(): 'open' | 'cut' | 'none';
  /** Cuts the line of fast signalling; the page opens it again by itself. */
  cutSignalling(): void;
  join(): void;
  leave(): void;
}

declare global {
  interface Window {
    weir: Inspection;
  }
}

function selfOf(app: AppModel): string {
  const { value } = app.screen;
  return value.kind === 'room' ? senderOf(value.model.room.self) : '';
}

function codeOf(app: AppModel): string | undefined {
  const state = app.call?.encryption;
  return state?.kind === 'on' ? state.code : undefined;
}

function witnessedFrames(app: AppModel): InspectedFrame[] {
  const self = selfOf(app);
  return (app.witness?.drain() ?? []).map(({ direction, from, ...frame }) => ({
    ...frame,
    direction: direction === 'send' ? 'sent' : 'received',
    from: from ?? self,
  }));
}

function heldKeys(app: AppModel): InspectedKey[] {
  const self = selfOf(app);
  return (app.witness?.keys ?? []).map(({ from = self, ...key }) => ({ ...key, from }));
}

export function inspect(app: AppModel): Inspection {
  return {
    peerConnections: () => app.call?.connections ?? [],
    state: () => (app.screen.value.kind === 'room' ? (app.call?.state.kind ?? 'idle') : app.screen.value.kind),
    problem: () => {
      const state = app.call?.state;
      return state !== undefined && 'problem' in state ? state.problem?.code : app.problem.value?.code;
    },
    participants: () =>
      (app.call?.streams ?? []).map(({ audio, video, width: _width, height: _height, ...stream }) => {
        const tile = document.querySelector(`[data-stream="${CSS.escape(stream.streamId)}"]`) ?? undefined;
        return {
          ...stream,
          audioMid: audio?.mid,
          videoMid: video?.mid,
          audioTrack: audio?.track,
          videoTrack: video?.track,
          tile,
          video: tile?.querySelector('video') ?? undefined,
        };
      }),
    available: () => app.call?.others?.available,
    encryption: {
      state: () => app.call?.encryption.kind ?? 'none',
      code: () => codeOf(app),
      witness: () => witnessedFrames(app),
      keys: () => heldKeys(app),
      cannotDecrypt: () =>
        (app.call?.streams ?? []).flatMap(({ streamId, cannotDecrypt: reason }) =>
          reason === undefined ? [] : [{ streamId, reason }],
        ),
    },
    speakers: () => app.call?.others?.speakers ?? [],
    get data() {
      return app.call?.data;
    },
    get marks() {
      return app.call?.marks ?? {};
    },
    wantSize: (streamId, trackId, width, height) =>
      app.call?.wantSize(streamId, trackId, { width, height }) ?? preciseNow(),
    signalling: () => app.call?.signalling ?? 'none',
    cutSignalling: () => app.call?.cutSignalling(),
    join: () => app.join(),
    leave: () => app.leave(),
  };
}
