/** Offers and answers of the focus. */
import { type MediaDescription, type SessionDescription, write } from 'sdp-transform';
import { feedbackFor } from './extensions.ts';
import type { Stack } from './remote.ts';
import type { MediaBody, Section } from './sections.ts';

/** Largest message that the focus takes on a data channel, in bytes. */
export const MAX_MESSAGE_SIZE = 262_144;
const SCTP_PORT = 5_000;
/** Port of a section that is alive; the real ones stand in its candidates (RFC 8840 section 4.1.1). */
const LIVE_PORT = 9;

export interface LocalCandidate {
  foundation: string;
  priority: number;
  address: string;
  port: number;
  protocol: 'udp' | 'tcp';
}

/** Our end of a transport. */
export interface LocalTransport {
  iceUfrag: string;
  icePwd: string;
  fingerprint: { type: string; hash: string };
  candidates: LocalCandidate[];
  /** Our role once it is agreed (RFC 8842). */
  setup: 'active' | 'passive';
}

export interface LocalDescription {
  type: 'offer' | 'answer';
  /** Of the client that it is for. */
  stack: Stack;
  /** The client takes, and so may send, long header extensions: the first ones of AV1 are. */
  allowsLongExtensions?: boolean;
  /** Grows by one with each description of the session (RFC 8829 section 5.2.1). */
  version: number;
  sessionId: number;
  sections: readonly Section[];
  transport: LocalTransport;
}

function setupOf({ type, stack, transport }: LocalDescription): string {
  // Stacks without a DTLS role of their own choice stay the client that they were in their first offer.
  return type === 'offer' && stack !== 'other' ? 'actpass' : transport.setup;
}

function rtpOf(body: MediaBody): Pick<MediaDescription, 'payloads' | 'rtp' | 'fmtp' | 'rtcpFb' | 'ext'> {
  return {
    payloads: body.codecs.map(({ payloadType }) => payloadType).join(' '),
    rtp: body.codecs.map(({ payloadType, mimeType, clockRate, channels }) => ({
      payload: payloadType,
      codec: mimeType.slice(mimeType.indexOf('/') + 1),
      rate: clockRate,
      ...(channels === undefined ? {} : { encoding: channels }),
    })),
    fmtp: body.codecs.flatMap(({ payloadType, parameters }) => {
      const config = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
      return config.length === 0 ? [] : { payload: payloadType, config: config.join(';') };
    }),
    rtcpFb: body.codecs.flatMap(({ payloadType, rtcpFeedback }) =>
      feedbackFor(rtcpFeedback, body.extensions).map(({ type, parameter = '' }) => ({
        payload: payloadType,
        type,
        ...(parameter === '' ? {} : { subtype: parameter }),
      })),
    ),
    ext: body.extensions.map(({ id, uri, direction }) => ({
      value: id,
      uri,
      ...(direction === undefined ? {} : { direction }),
    })),
  };
}

function contentOf(section: Exclude<Section, { kind: 'refused' }>, type: 'offer' | 'answer'): MediaDescription {
  const empty = { port: LIVE_PORT, rtp: [], fmtp: [] };
  switch (section.kind) {
    case 'channel':
      return {
        ...empty,
        type: 'application',
        protocol: section.line.protocol,
        payloads: 'webrtc-datachannel',
        sctpPort: SCTP_PORT,
        maxMessageSize: MAX_MESSAGE_SIZE,
      };
    case 'publishing': {
      const { body, added } = section;
      const offered = { ...body, extensions: [...body.extensions, ...added] };
      const live = section.direction === 'recvonly' || (section.direction === 'deferred' && type === 'offer');
      const simulcast = live && section.rids.length > 0;
      return {
        ...empty,
        ...rtpOf(type === 'offer' ? offered : body),
        type: section.media,
        protocol: body.protocol,
        direction: live ? 'recvonly' : 'inactive',
        rtcpMux: 'rtcp-mux',
        rtcpRsize: 'rtcp-rsize',
        ...(section.maxBitrate === undefined ? {} : { bandwidth: [{ type: 'TIAS', limit: section.maxBitrate }] }),
        ...(simulcast
          ? {
              rids: section.rids.map(rid => ({ id: rid, direction: 'recv' })),
              simulcast: { dir1: 'recv', list1: section.rids.join(';') },
            }
          : {}),
      };
    }
    case 'receiving': {
      const { track, encodings, cname } = section.sent;
      const live = section.direction === 'sendonly' ? encodings : [];
      const lines = live.flatMap(({ ssrc, rtx }) => [ssrc, rtx?.ssrc]).filter(ssrc => ssrc !== undefined);
      return {
        ...empty,
        ...rtpOf(section.body),
        type: section.media,
        protocol: section.body.protocol,
        direction: section.direction,
        rtcpMux: 'rtcp-mux',
        rtcpRsize: 'rtcp-rsize',
        ...(live.length === 0 ? {} : { msid: [{ id: track.streamId, appdata: track.trackId }] }),
        ssrcs: lines.map(ssrc => ({ id: ssrc, attribute: 'cname', value: cname })),
        ssrcGroups: live.flatMap(({ ssrc, rtx }) =>
          ssrc === undefined || rtx === undefined ? [] : { semantics: 'FID', ssrcs: `${ssrc} ${rtx.ssrc}` },
        ),
      };
    }
  }
}

/** The text of an offer or an answer. */
export function writeDescription(description: LocalDescription): string {
  const { transport } = description;
  const group = description.sections.filter(({ kind }) => kind !== 'refused').map(({ mid }) => mid);
  const media = description.sections.map((section): MediaDescription => {
    const shared = { mid: section.mid, connection: { version: 4, ip: '0.0.0.0' } };
    if (section.kind === 'refused') {
      return { ...section.line, ...shared, port: 0, rtp: [], fmtp: [], direction: 'inactive' };
    }
    return {
      ...contentOf(section, description.type),
      ...shared,
      iceUfrag: transport.iceUfrag,
      icePwd: transport.icePwd,
      fingerprint: transport.fingerprint,
      setup: setupOf(description),
      // The first section of the group speaks for all of it (RFC 8843 section 7.2).
      ...(section.mid === group[0]
        ? {
            candidates: transport.candidates.map(({ protocol, address, ...candidate }) => ({
              ...candidate,
              component: 1,
              transport: protocol,
              ip: address,
              type: 'host',
              ...(protocol === 'tcp' ? { tcptype: 'passive' } : {}),
            })),
            endOfCandidates: 'end-of-candidates' as const,
          }
        : {}),
    };
  });
  const session: SessionDescription = {
    version: 0,
    origin: {
      username: '-',
      sessionId: description.sessionId,
      sessionVersion: description.version,
      netType: 'IN',
      ipVer: 4,
      address: '0.0.0.0',
    },
    name: '-',
    timing: { start: 0, stop: 0 },
    icelite: 'ice-lite',
    ...(description.allowsLongExtensions === true ? { extmapAllowMixed: 'extmap-allow-mixed' } : {}),
    msidSemantic: { semantic: 'WMS', token: '*' },
    groups: group.length === 0 ? [] : [{ type: 'BUNDLE', mids: group.join(' ') }],
    media,
  };
  return write(session);
}
