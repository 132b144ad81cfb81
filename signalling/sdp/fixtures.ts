/** Test doubles of this room: the focus's capabilities, and offers as stacks write them. */
import { type Capabilities, EXTENSION, type HeaderExtensionUri, type MediaKind } from './rtp.ts';

const OWN_IDS: [HeaderExtensionUri, number][] = [
  [EXTENSION.mid, 1],
  [EXTENSION.rid, 2],
  [EXTENSION.repairedRid, 3],
  [EXTENSION.absSendTime, 4],
  [EXTENSION.transportCc, 5],
  [EXTENSION.audioLevel, 6],
  ['urn:3gpp:video-orientation', 8],
];

const extensions = (kind: MediaKind): Capabilities['headerExtensions'] =>
  OWN_IDS.filter(([uri]) => kind === 'audio' || uri !== EXTENSION.audioLevel).map(([uri, preferredId]) => ({
    kind,
    uri,
    preferredId,
    direction: uri === EXTENSION.rid || uri === EXTENSION.repairedRid ? 'recvonly' : 'sendrecv',
  }));

/** As the media engine has them: opus 111, VP8 96, its retransmission 100. */
export const CAPABILITIES: Capabilities = {
  codecs: [
    {
      kind: 'audio',
      mimeType: 'audio/opus',
      preferredPayloadType: 111,
      clockRate: 48_000,
      channels: 2,
      parameters: { useinbandfec: 1 },
      rtcpFeedback: [{ type: 'nack' }, { type: 'transport-cc' }],
    },
    {
      kind: 'video',
      mimeType: 'video/VP8',
      preferredPayloadType: 96,
      clockRate: 90_000,
      parameters: {},
      rtcpFeedback: [
        { type: 'nack' },
        { type: 'nack', parameter: 'pli' },
        { type: 'ccm', parameter: 'fir' },
        { type: 'goog-remb' },
        { type: 'transport-cc' },
      ],
    },
    {
      kind: 'video',
      mimeType: 'video/rtx',
      preferredPayloadType: 100,
      clockRate: 90_000,
      parameters: { apt: 96 },
      rtcpFeedback: [],
    },
  ],
  headerExtensions: [...extensions('audio'), ...extensions('video')],
};

export const TERMS = { capabilities: CAPABILITIES, maxAudioBitrate: 64_000 };

const FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':');

export interface OfferedSection {
  mid: string;
  kind?: 'audio' | 'video' | 'application';
  direction?: string;
  port?: number;
  lines?: string[];
  payloads?: string;
  ufrag?: string;
}

/** One section with working defaults; `lines` replace what tells the track. */
function sectionText({
  mid,
  kind = 'audio',
  direction = 'sendrecv',
  port = 9,
  lines,
  payloads,
  ufrag,
}: OfferedSection) {
  const head = [
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    `a=ice-ufrag:${ufrag ?? 'abcd'}`,
    'a=ice-pwd:abcdefghijklmnopqrstuvwx',
    `a=fingerprint:sha-256 ${FINGERPRINT}`,
    'a=setup:actpass',
  ];
  if (kind === 'application') {
    return [`m=application ${port} UDP/DTLS/SCTP webrtc-datachannel`, ...head, 'a=sctp-port:5000'];
  }
  const codec =
    kind === 'audio'
      ? ['a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10', 'a=rtcp-fb:111 transport-cc']
      : ['a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack pli', 'a=rtcp-fb:96 transport-cc'];
  const track = lines ?? [`a=msid:stream track${mid}`, `a=ssrc:${1_000 + mid.length} cname:c`];
  return [
    `m=${kind} ${port} UDP/TLS/RTP/SAVPF ${payloads ?? (kind === 'audio' ? '111' : '96')}`,
    ...head,
    ...(payloads === undefined ? codec : []),
    `a=${direction}`,
    'a=rtcp-mux',
    ...track,
  ];
}

/** An offer of a stack with ids of its own, or of another origin. */
export function offerText(sections: OfferedSection[], origin = '- 1 2 IN IP4 127.0.0.1'): string {
  const group = sections.filter(({ port }) => port !== 0).map(({ mid }) => mid);
  const head = ['v=0', `o=${origin}`, 's=-', 't=0 0', `a=group:BUNDLE ${group.join(' ')}`];
  return [...head, ...sections.flatMap(sectionText), ''].join('\r\n');
}

/** A simulcast track with Chromium's ids of header extensions. */
export function simulcastLines(track: string): string[] {
  return [
    `a=msid:stream ${track}`,
    `a=extmap:3 ${EXTENSION.transportCc}`,
    `a=extmap:4 ${EXTENSION.mid}`,
    `a=extmap:10 ${EXTENSION.rid}`,
    `a=extmap:11 ${EXTENSION.repairedRid}`,
    'a=rid:f send',
    'a=rid:h send',
    'a=rid:q send',
    'a=simulcast:send f;h;q',
  ];
}
