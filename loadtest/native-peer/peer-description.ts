/** Offers and answers of a native peer: one BUNDLE group, tracks by ssrc, mediasoup's own payload types and extension ids. */
import type { SentTrack } from '../peers/endpoint.ts';
import { PAYLOAD_TYPES } from '../peers/rtp.ts';
import type { FocusSection } from './focus-description.ts';

/** Payload type that mediasoup gives retransmissions of VP8. */
export const RTX_PAYLOAD_TYPE = 100;

/** Ids that mediasoup gives header extensions: with one transport a peer must use the same. */
export const EXTENSION_IDS = { mid: 1, absSendTime: 4, transportCc: 5, audioLevel: 6 } as const;

export const EXTENSION_URIS = {
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  absSendTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  transportCc: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  audioLevel: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
} as const;

/** The peer's end of the transport. */
export interface OwnTransport {
  ufrag: string;
  password: string;
  /** SHA-256 of its certificate. */
  fingerprint: string;
}

/** A layer of a track: its ssrc, and that of what it sends again. */
export interface SentSsrc {
  ssrc: number;
  rtx: number | undefined;
}

/** A track that the peer sends. */
export interface SentSection {
  track: SentTrack;
  /** Of its layers, lowest first. */
  ssrcs: readonly SentSsrc[];
}

/** A section of the peer's description. */
export type OwnSection =
  | { kind: 'sent'; mid: string; sent: SentSection }
  | { kind: 'channel'; mid: string }
  /** One that the focus began. */
  | { kind: 'received'; mid: string; offered: FocusSection };

export interface OwnDescription {
  type: 'offer' | 'answer';
  /** Grows with each description. */
  version: number;
  transport: OwnTransport;
  sections: readonly OwnSection[];
}

const CNAME = 'peer';

export function writeDescription({ type, version, transport, sections }: OwnDescription): string {
  const alive = sections.filter(section => section.kind !== 'received' || section.offered.port !== 0);
  const lines = [
    'v=0',
    `o=peer 1 ${version} IN IP4 0.0.0.0`,
    's=-',
    't=0 0',
    `a=group:BUNDLE ${alive.map(({ mid }) => mid).join(' ')}`,
    'a=msid-semantic:WMS *',
    ...sections.flatMap(section => {
      if (section.kind === 'received' && section.offered.port === 0) return refused(section.offered);
      return [
        ...content(section),
        `a=mid:${section.mid}`,
        `a=ice-ufrag:${transport.ufrag}`,
        `a=ice-pwd:${transport.password}`,
        `a=fingerprint:sha-256 ${transport.fingerprint}`,
        `a=setup:${type === 'offer' ? 'actpass' : 'active'}`,
      ];
    }),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function content(section: OwnSection): string[] {
  switch (section.kind) {
    case 'channel':
      return [
        'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
        'c=IN IP4 0.0.0.0',
        'a=sctp-port:5000',
        'a=max-message-size:262144',
      ];
    case 'sent':
      return sent(section.sent);
    case 'received':
      return received(section.offered);
  }
}

function sent({ track, ssrcs }: SentSection): string[] {
  const isAudio = track.kind === 'audio';
  const payloadType = isAudio ? PAYLOAD_TYPES.opus : PAYLOAD_TYPES.vp8;
  const repairs = ssrcs.filter(({ rtx }) => rtx !== undefined);
  const codec = isAudio
    ? [`a=rtpmap:${payloadType} opus/48000/2`, `a=fmtp:${payloadType} minptime=10;useinbandfec=1`]
    : [`a=rtpmap:${payloadType} VP8/90000`];
  const rtx =
    repairs.length === 0
      ? []
      : [`a=rtpmap:${RTX_PAYLOAD_TYPE} rtx/90000`, `a=fmtp:${RTX_PAYLOAD_TYPE} apt=${payloadType}`];
  const feedback = isAudio ? ['nack', 'transport-cc'] : ['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli'];
  const extensions = isAudio
    ? (['mid', 'absSendTime', 'transportCc', 'audioLevel'] as const)
    : (['mid', 'absSendTime', 'transportCc'] as const);
  return [
    `m=${track.kind} 9 UDP/TLS/RTP/SAVPF ${payloadType}${rtx.length === 0 ? '' : ` ${RTX_PAYLOAD_TYPE}`}`,
    'c=IN IP4 0.0.0.0',
    `a=${track.direction}`,
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...codec,
    ...rtx,
    ...feedback.map(name => `a=rtcp-fb:${payloadType} ${name}`),
    ...extensions.map(name => `a=extmap:${EXTENSION_IDS[name]} ${EXTENSION_URIS[name]}`),
    `a=msid:${track.streamId} ${track.trackId}`,
    // Layers of one picture, lowest first: the older way of simulcast, without rids.
    ...(ssrcs.length > 1 ? [`a=ssrc-group:SIM ${ssrcs.map(({ ssrc }) => ssrc).join(' ')}`] : []),
    ...repairs.map(({ ssrc, rtx }) => `a=ssrc-group:FID ${ssrc} ${rtx ?? ''}`),
    ...ssrcs
      .flatMap(({ ssrc, rtx }) => [ssrc, ...(rtx === undefined ? [] : [rtx])])
      .map(ssrc => `a=ssrc:${ssrc} cname:${CNAME}`),
  ];
}

/** All that the focus offers is taken as it is. */
function received({ lines, direction }: FocusSection): string[] {
  const [line = ''] = lines;
  const taken = lines.filter(each => /^a=(rtpmap|fmtp|rtcp-fb|extmap):/.test(each));
  const sends = direction === 'sendonly' || direction === 'sendrecv';
  return [line, 'c=IN IP4 0.0.0.0', sends ? 'a=recvonly' : 'a=inactive', 'a=rtcp-mux', 'a=rtcp-rsize', ...taken];
}

function refused({ lines, mid }: FocusSection): string[] {
  return [lines[0] ?? '', 'c=IN IP4 0.0.0.0', `a=mid:${mid}`, 'a=inactive'];
}
