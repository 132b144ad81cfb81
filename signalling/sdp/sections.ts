/** The m-lines of one peer connection, as both ends agreed on them. */
import type { MediaLine, TrackIds } from './remote.ts';
import type { HeaderExtension, MediaKind, RtpCodec, RtpEncoding } from './rtp.ts';

/** RTP of a section as the focus writes it. */
export interface MediaBody {
  protocol: string;
  codecs: RtpCodec[];
  /** `recvonly` where the client said that it only sends an extension (RFC 8285 section 7). */
  extensions: (HeaderExtension & { direction?: 'recvonly' })[];
}

/** Port 0: dead, until another section takes its place in the order (RFC 8829 section 5.2.2). */
export interface RefusedSection {
  kind: 'refused';
  mid: string;
  line: MediaLine;
}

export interface ChannelSection {
  kind: 'channel';
  mid: string;
  line: MediaLine;
}

/** A section of the client, in which it sends or could send. */
export interface PublishingSection {
  kind: 'publishing';
  mid: string;
  media: MediaKind;
  /** `deferred`: inactive until our next offer brings the extensions that its packets are told apart by. */
  direction: 'recvonly' | 'deferred' | 'inactive';
  body: MediaBody;
  /** Extensions with ids of the focus, that its next offer adds to those of the client's. */
  added: HeaderExtension[];
  /** Simulcast layers in the client's order; empty without. */
  rids: string[];
  /** Most that the client may send here, in bit/s. */
  maxBitrate: number | undefined;
}

/** A section of the focus, in which the client is sent a track. */
export interface ReceivingSection {
  kind: 'receiving';
  mid: string;
  media: MediaKind;
  direction: 'sendonly' | 'inactive';
  body: MediaBody;
  /** What is sent; while inactive, what was sent last. */
  sent: SentStream;
}

export interface SentStream {
  track: TrackIds;
  encodings: RtpEncoding[];
  cname: string;
}

export type Section = RefusedSection | ChannelSection | PublishingSection | ReceivingSection;
