/** What we publish on a peer connection, and how we announce it. */
import type { Capture } from './capture.ts';
import {
  audioEncodings,
  cameraEncodings,
  type CaptureSize,
  captureSizeOf,
  oneScreenEncoding,
  screenEncodings,
  svcCameraEncoding,
} from './encodings.ts';
import { type FrameProtection, protectTransceiver } from './frame-protection.ts';
import { type MediaPreferences, preferCodecs, prefersSvc } from './media-preferences.ts';
import type { Device } from './room.ts';
import { sentTracks } from './sections.ts';
import { SenderParameters } from './sender-parameters.ts';
import type { StreamMetadata, TrackMetadata } from './wire.ts';

export type Purpose = 'm.usermedia' | 'm.screenshare';

/** A section of ours, as far as its announcement goes. */
export interface OwnSection {
  mid: string | null;
  kind: 'audio' | 'video';
  purpose: Purpose;
  /** px; only of video that runs. */
  width?: number | undefined;
  height?: number | undefined;
  /** In which its layers come in one stream. */
  scalabilityMode?: string | undefined;
}

/**
 * Stream metadata (MSC3077, MSC3898) for sections of ours. The ids are those of our description, not of the tracks:
 * Firefox makes its own, and a replaced track keeps the id of the first.
 *
 * @param encryption name of the frame format, where what we send is encrypted
 */
export function ownMetadata(
  sdp: string,
  sections: OwnSection[],
  self: Device,
  muted: { audio: boolean; video: boolean },
  encryption?: string,
): StreamMetadata {
  const sent = sentTracks(sdp);
  const metadata: StreamMetadata = {};
  for (const { mid, kind, purpose, width, height, scalabilityMode } of sections) {
    const ids = mid === null ? undefined : sent.get(mid);
    if (ids === undefined) continue;
    const stream = (metadata[ids.streamId] ??= {
      user_id: self.userId,
      device_id: self.deviceId,
      purpose,
      audio_muted: purpose === 'm.usermedia' ? muted.audio : true,
      video_muted: purpose === 'm.usermedia' ? muted.video : false,
      ...(encryption === undefined ? {} : { 'org.weir.encryption': encryption }),
      tracks: {},
    });
    if (purpose === 'm.screenshare' && kind === 'audio') stream.audio_muted = false;
    const track: TrackMetadata = {
      kind,
      ...(width === undefined ? {} : { width }),
      ...(height === undefined ? {} : { height }),
      ...(scalabilityMode === undefined ? {} : { 'org.weir.scalability_mode': scalabilityMode }),
    };
    stream.tracks = { ...stream.tracks, [ids.trackId]: track };
  }
  return metadata;
}

interface Sending {
  transceiver: RTCRtpTransceiver;
  parameters: SenderParameters;
  kind: 'audio' | 'video';
  purpose: Purpose;
  /** Simulcast: each layer is an encoding of its own, and none has layers in it. */
  isSimulcast: boolean;
}

/**
 * Ties the captures to senders. Camera and microphone get their sections once, without tracks, so that the ids are new in
 * every session and devices come and go without negotiation; each shared screen gets sections of its own.
 */
export class OwnStreams {
  readonly #connection: RTCPeerConnection;
  readonly #capture: Capture;
  readonly #preferences: MediaPreferences;
  readonly #protection: FrameProtection | undefined;
  readonly #audio: Sending;
  readonly #video: Sending;
  #screen: Sending[] = [];

  constructor(
    connection: RTCPeerConnection,
    capture: Capture,
    preferences: MediaPreferences,
    protection: FrameProtection | undefined,
  ) {
    this.#connection = connection;
    this.#capture = capture;
    this.#preferences = preferences;
    this.#protection = protection;
    const streams = [new MediaStream()];
    const size = captureSizeOf(capture.videoTrack, capture.plannedSize);
    this.#audio = this.#add('audio', 'm.usermedia', {
      direction: 'sendrecv',
      streams,
      sendEncodings: audioEncodings(),
    });
    this.#video = this.#add('video', 'm.usermedia', {
      direction: 'sendrecv',
      streams,
      sendEncodings: this.#cameraEncodings(size),
    });
    this.update();
  }

  /** Follows the captures. True where the change has to be negotiated. */
  update(): boolean {
    put(this.#audio, this.#capture.audioTrack);
    const camera = this.#capture.videoTrack;
    if (put(this.#video, camera) && camera !== undefined) {
      const wanted = this.#cameraEncodings(captureSizeOf(camera, this.#capture.plannedSize));
      this.#video.parameters.want({ bitrates: wanted.map(({ maxBitrate }) => maxBitrate) });
    }
    return this.#updateScreen();
  }

  /** Parameters of the sender that the description gives these ids; `undefined` where it is not up. */
  senderOf(sdp: string, streamId: string, trackId: string): SenderParameters | undefined {
    const sent = sentTracks(sdp);
    return this.#sections.find(({ transceiver: { mid } }) => {
      const ids = mid === null ? undefined : sent.get(mid);
      return ids?.streamId === streamId && ids.trackId === trackId;
    })?.parameters;
  }

  /** A negotiation ended: what was set before, or could not be set yet, is set now. */
  negotiated(): void {
    for (const { parameters } of this.#sections) parameters.apply();
  }

  /** The announcement that fits the local description. */
  metadata(sdp: string, self: Device): StreamMetadata {
    const sections = this.#sections.map(({ transceiver, kind, purpose, isSimulcast }) => {
      const { width, height } = kind === 'video' ? (transceiver.sender.track?.getSettings() ?? {}) : {};
      const scalabilityMode = kind === 'video' && !isSimulcast ? scalabilityModeOf(transceiver.sender) : undefined;
      return { mid: transceiver.mid, kind, purpose, width, height, scalabilityMode };
    });
    const muted = { audio: this.#capture.audioMuted, video: this.#capture.videoMuted };
    return ownMetadata(sdp, sections, self, muted, this.#protection?.format);
  }

  get #sections(): Sending[] {
    return [this.#audio, this.#video, ...this.#screen];
  }

  #cameraEncodings(size: CaptureSize): RTCRtpEncodingParameters[] {
    return prefersSvc(this.#preferences) ? svcCameraEncoding(size) : cameraEncodings(size);
  }

  #updateScreen(): boolean {
    const shared = this.#capture.screen;
    const showing = this.#screen[0]?.transceiver.sender.track ?? undefined;
    if (shared?.video === showing) return false;
    for (const section of this.#screen) {
      // Not `stop()`: that frees the section for another use, and its mid would come to mean something else.
      section.transceiver.direction = 'inactive';
      put(section, undefined);
    }
    this.#screen = [];
    if (shared === undefined) return true;
    const streams = [new MediaStream()];
    const size = captureSizeOf(shared.video, { width: 1920, height: 1080, frameRate: 15 });
    const sendEncodings = prefersSvc(this.#preferences) ? oneScreenEncoding(size) : screenEncodings(size);
    this.#screen.push(this.#add(shared.video, 'm.screenshare', { direction: 'sendonly', streams, sendEncodings }));
    if (shared.audio !== undefined) {
      this.#screen.push(this.#add(shared.audio, 'm.screenshare', { direction: 'sendonly', streams }));
    }
    return true;
  }

  #add(what: MediaStreamTrack | 'audio' | 'video', purpose: Purpose, init: RTCRtpTransceiverInit): Sending {
    const transceiver = this.#connection.addTransceiver(what, init);
    const kind = (typeof what === 'string' ? what : what.kind) === 'audio' ? 'audio' : 'video';
    if (kind === 'video') preferCodecs(transceiver, this.#preferences);
    protectTransceiver(this.#protection, transceiver, kind);
    const isSimulcast = (init.sendEncodings ?? []).length > 1;
    return { transceiver, parameters: new SenderParameters(transceiver.sender), kind, purpose, isSimulcast };
  }
}

/** The mode of a single stream; browsers that know no modes tell none, whatever the types say. */
function scalabilityModeOf(sender: RTCRtpSender): string | undefined {
  const { encodings = [] }: Partial<RTCRtpSendParameters> = sender.getParameters();
  const [only, second] = encodings as (RTCRtpEncodingParameters & { scalabilityMode?: string })[];
  return second === undefined ? only?.scalabilityMode : undefined;
}

/** True where the sender had another track. */
function put({ transceiver: { sender }, parameters }: Sending, track: MediaStreamTrack | undefined): boolean {
  if ((sender.track ?? undefined) === track) return false;
  // It fails only on a closed connection, whose senders send nothing anyway.
  sender.replaceTrack(track ?? null).then(
    () => parameters.apply(),
    () => undefined,
  );
  return true;
}
