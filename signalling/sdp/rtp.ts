/** RTP parameters, as small as sections of a description need them (the shapes of ORTC, W3C ORTC section 9). */

/** The header extensions that the focus can name; others of an offer are dropped from its answer. */
export const HEADER_EXTENSIONS = [
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
  'urn:3gpp:video-orientation',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
  'urn:ietf:params:rtp-hdrext:toffset',
  'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
] as const;
export type HeaderExtensionUri = (typeof HEADER_EXTENSIONS)[number];

/** The header extensions that have a part to play here, by what they are for. */
export const EXTENSION = {
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  rid: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  repairedRid: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  absSendTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  transportCc: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  audioLevel: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  dependencyDescriptor: 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
} as const satisfies Record<string, HeaderExtensionUri>;

export type MediaKind = 'audio' | 'video';

export function isHeaderExtension(uri: string): uri is HeaderExtensionUri {
  return HEADER_EXTENSIONS.some(known => known === uri);
}

/**
 * Extensions that packets to clients can carry. The media engine writes them with ids of its own into all packets of a
 * kind, whether or not the client they go to agreed: an id of theirs must never mean anything else to it.
 */
export const CARRIED_EXTENSIONS: readonly HeaderExtensionUri[] = [
  EXTENSION.mid,
  EXTENSION.absSendTime,
  EXTENSION.transportCc,
  EXTENSION.audioLevel,
];

export interface RtcpFeedback {
  type: string;
  parameter?: string;
}

export interface RtpCodec {
  /** `audio/opus`, `video/VP8`, `video/rtx`… */
  mimeType: string;
  payloadType: number;
  /** Hz. */
  clockRate: number;
  channels?: number;
  parameters: Record<string, string | number>;
  rtcpFeedback: RtcpFeedback[];
}

export interface HeaderExtension {
  uri: HeaderExtensionUri;
  id: number;
}

export interface RtpEncoding {
  ssrc?: number;
  rid?: string;
  rtx?: { ssrc: number };
  scalabilityMode?: string;
  /** Silence is not sent (RFC 7587 section 3.1.3): no packets do not mean that the track has ended. */
  dtx?: boolean;
}

/** What one track is sent with. `encodings`: one a simulcast layer, the lowest first. */
export interface RtpParameters {
  mid: string;
  codecs: RtpCodec[];
  headerExtensions: HeaderExtension[];
  encodings: RtpEncoding[];
  rtcp: { cname?: string; reducedSize: boolean };
}

/** What the focus can forward. */
export interface Capabilities {
  codecs: (Omit<RtpCodec, 'payloadType'> & { kind: MediaKind; preferredPayloadType: number })[];
  headerExtensions: {
    kind: MediaKind;
    uri: HeaderExtensionUri;
    preferredId: number;
    /** As the focus sees it: `recvonly` ones it never sends. */
    direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  }[];
}

export function isRtx(codec: { mimeType: string }): boolean {
  return codec.mimeType.toLowerCase().endsWith('/rtx');
}
