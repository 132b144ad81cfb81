/** Offers and answers of the focus. */
import { type MediaDescription, type SessionDescription, write } from 'sdp-transform';
import type { Bundling } from './agree.ts';
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
  bundling: Bundling;
  /** Grows by one with each description of the session (RFC 8829 section 5.2.1). */
  version: number;
  sessionId: number;
  sections: readonly Section[];
  publishing: LocalTransport;
  /** The same transport where there is one group. */
  receiving: LocalTransport;
}

function setupOf(description: LocalDescription, transport: LocalTransport): string {
  // A stack with one transport never has to choose: it stays the DTLS client that it was in its own first offer.
  return description.type === 'offer' && description.bundling === 'two_groups' ? 'actpass' : transport.setup;
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
      rtcpFeedback.map(({ type, parameter = '' }) => ({
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

function contentOf(section: Exclude<Section, { kind: 'refused' }>): MediaDescription {
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
      const simulcast = section.direction === 'recvonly' && section.rids.length > 0;
      return {
        ...empty,
        ...rtpOf(section.body),
        type: section.media,
        protocol: section.body.protocol,
        direction: section.direction,
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

function groupsOf({ bundling, sections }: LocalDescription): string[][] {
  const alive = sections.filter(({ kind }) => kind !== 'refused');
  if (bundling === 'one_group') return [alive.map(({ mid }) => mid)];
  const ours = alive.filter(({ kind }) => kind === 'receiving');
  const theirs = alive.filter(({ kind }) => kind !== 'receiving');
  return [theirs, ours].map(group => group.map(({ mid }) => mid));
}

/** The text of an offer or an answer. */
export function writeDescription(description: LocalDescription): string {
  const groups = groupsOf(description).filter(group => group.length > 0);
  const tags = new Set(groups.map(([tag]) => tag));
  const media = description.sections.map((section): MediaDescription => {
    const shared = { mid: section.mid, connection: { version: 4, ip: '0.0.0.0' } };
    if (section.kind === 'refused') {
      return { ...section.line, ...shared, port: 0, rtp: [], fmtp: [], direction: 'inactive' };
    }
    const transport = section.kind === 'receiving' ? description.receiving : description.publishing;
    return {
      ...contentOf(section),
      ...shared,
      iceUfrag: transport.iceUfrag,
      icePwd: transport.icePwd,
      fingerprint: transport.fingerprint,
      setup: setupOf(description, transport),
      // One section of a group speaks for all of it (RFC 8843 section 7.2).
      ...(tags.has(section.mid)
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
    msidSemantic: { semantic: 'WMS', token: '*' },
    groups: groups.map(group => ({ type: 'BUNDLE', mids: group.join(' ') })),
    media,
  };
  return write(session);
}
