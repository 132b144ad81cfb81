/** A client's description, typed. */
import type { MediaKind, RtpCodec } from './rtp.ts';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** Who wrote a description, as far as it matters here: how it takes ids of header extensions. */
export type Stack = 'libwebrtc' | 'mozilla' | 'other';

/** Ids of a track's msid (RFC 8830). */
export interface TrackIds {
  streamId: string;
  trackId: string;
}

export interface Fingerprint {
  algorithm: 'sha-1' | 'sha-224' | 'sha-256' | 'sha-384' | 'sha-512';
  value: string;
}

/** The client's end of a section's transport. Its candidates are not read: it finds the focus, not the focus it. */
export interface RemoteTransport {
  iceUfrag: string;
  fingerprint: Fingerprint;
  setup: 'active' | 'passive' | 'actpass';
}

/** The m= line of a section, as it must be repeated where the section is refused. */
export interface MediaLine {
  type: string;
  protocol: string;
  payloads: string;
}

export interface RemoteExtension {
  id: number;
  uri: string;
  direction: Direction | undefined;
}

/** A media stream of a section without simulcast by rid; `rtx` its retransmission's ssrc. */
export interface RemoteSsrc {
  ssrc: number;
  rtx: number | undefined;
}

export interface RemoteMedia {
  type: 'media';
  kind: MediaKind;
  direction: Direction;
  /** In the client's order of preference. */
  codecs: RtpCodec[];
  extensions: RemoteExtension[];
  /** Rids that the client would send, in its own order (RFC 8853: most preferred first); empty without simulcast. */
  rids: RemoteRid[];
  /** Several where they are simulcast layers (`SIM` groups), the lowest first. */
  ssrcs: RemoteSsrc[];
  cname: string | undefined;
  track: TrackIds | undefined;
}

export interface RemoteRid {
  rid: string;
  /** px, where the client restricts it (RFC 8851). */
  maxWidth: number | undefined;
}

/** SCTP; `maxMessageSize` in bytes is the most that the client takes (RFC 8841). */
export interface RemoteChannel {
  type: 'channel';
  maxMessageSize: number;
}

export interface RemoteSection {
  mid: string;
  line: MediaLine;
  /** Port 0: the section carries nothing, ever again. */
  rejected: boolean;
  /** `undefined` in rejected sections that state none. */
  transport: RemoteTransport | undefined;
  content: RemoteMedia | RemoteChannel | { type: 'unknown' };
}

export interface RemoteDescription {
  stack: Stack;
  /** Header extensions may be longer than 16 bytes (`a=extmap-allow-mixed`, RFC 8285 section 6). */
  allowsLongExtensions: boolean;
  sections: RemoteSection[];
  /** mids of each BUNDLE group (RFC 8843). */
  groups: string[][];
}
