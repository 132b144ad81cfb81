/** Offers and answers of a focus, as far as a peer has to know them (RFC 8866, RFC 8829). */
import type { TrackIds } from '../peers/endpoint.ts';
import { candidateOf } from '../peers/via-relay.ts';

/** The focus's end of the transport: one for all sections. */
export interface FocusTransport {
  ufrag: string;
  password: string;
  /** Hash of its certificate, such as `sha-256` and `AB:CD:…` (RFC 8122). */
  algorithm: string;
  fingerprint: string;
  address: string;
  port: number;
}

/** A section as the focus wrote it. */
export interface FocusSection {
  mid: string;
  media: string;
  /** Of its m= line: 0 where the section is refused. */
  port: number;
  /** What the focus does in it. */
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** All lines, without their ends. */
  lines: readonly string[];
  /** URI → id of each header extension (RFC 8285). */
  extensions: ReadonlyMap<string, number>;
  /** Of the track that the focus sends here. */
  track: TrackIds | undefined;
  ssrc: number | undefined;
  /** Of what is sent again (RFC 4588). */
  rtxSsrc: number | undefined;
  /** What is lost may be asked for (RFC 4585). */
  repairs: boolean;
}

export interface FocusDescription {
  /** Undefined where no section lives. */
  transport: FocusTransport | undefined;
  sections: readonly FocusSection[];
}

const SSRC_MOST = 0xffff_ffff;
/** More than any conference has. */
const SECTIONS_MOST = 2_000;

/** Throws an Error that says what is wrong with it. */
export function readFocusDescription(sdp: string): FocusDescription {
  const [session = '', ...parts] = sdp.split(/^(?=m=)/m);
  if (!session.startsWith('v=0')) throw badDescription('it does not begin with v=0');
  if (parts.length === 0 || parts.length > SECTIONS_MOST) throw badDescription(`${parts.length} sections`);
  const sections = parts.map(part => readSection(linesOf(part)));
  const mids = new Set(sections.map(({ mid }) => mid));
  if (mids.size !== sections.length) throw badDescription('two sections have one mid');
  return { transport: readTransport(sdp, sections), sections };
}

function badDescription(why: string): Error {
  return new Error(`description of the focus: ${why}`);
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter(line => line !== '');
}

/** The value of the first line that begins so. */
function valueOf(lines: readonly string[], begin: string): string | undefined {
  return lines.find(line => line.startsWith(begin))?.slice(begin.length);
}

function readSection(lines: readonly string[]): FocusSection {
  const [, media, port] = /^m=(\w+) (\d+) /.exec(lines[0] ?? '') ?? [];
  const mid = valueOf(lines, 'a=mid:');
  if (media === undefined || mid === undefined || mid === '') throw badDescription('a section without its mid');
  const [ssrc, rtxSsrc] = readSsrcs(lines);
  const [streamId, trackId = ''] = valueOf(lines, 'a=msid:')?.split(' ') ?? [];
  return {
    mid,
    media,
    port: Number(port),
    direction: readDirection(lines),
    lines,
    extensions: readExtensions(lines),
    track: streamId === undefined ? undefined : { streamId, trackId },
    ssrc,
    rtxSsrc,
    repairs: lines.some(line => /^a=rtcp-fb:\S+ nack$/.test(line)),
  };
}

function readDirection(lines: readonly string[]): FocusSection['direction'] {
  for (const direction of ['sendonly', 'recvonly', 'inactive'] as const) {
    if (lines.includes(`a=${direction}`)) return direction;
  }
  return 'sendrecv';
}

/** The ssrc of the media, and that of its retransmissions where a group names it. */
function readSsrcs(lines: readonly string[]): (number | undefined)[] {
  const group = valueOf(lines, 'a=ssrc-group:FID ');
  const named = group?.split(' ') ?? [/^a=ssrc:(\d+)/m.exec(lines.join('\n'))?.[1]];
  return named.slice(0, 2).map(text => {
    const ssrc = Number(text);
    return Number.isInteger(ssrc) && ssrc > 0 && ssrc <= SSRC_MOST ? ssrc : undefined;
  });
}

function readExtensions(lines: readonly string[]): Map<string, number> {
  const extensions = new Map<string, number>();
  for (const line of lines) {
    const [, id, uri] = /^a=extmap:(\d+)(?:\/\w+)? (\S+)/.exec(line) ?? [];
    // Longer ids need the two-byte form, which nobody here agrees on.
    if (uri !== undefined && Number(id) >= 1 && Number(id) <= 14) extensions.set(uri, Number(id));
  }
  return extensions;
}

function readTransport(sdp: string, sections: readonly FocusSection[]): FocusTransport | undefined {
  if (sections.every(({ port }) => port === 0)) return undefined;
  const lines = linesOf(sdp);
  const candidate = candidateOf(sdp);
  const ufrag = valueOf(lines, 'a=ice-ufrag:');
  const password = valueOf(lines, 'a=ice-pwd:');
  const [algorithm, fingerprint] = valueOf(lines, 'a=fingerprint:')?.split(' ') ?? [];
  if (ufrag === undefined || password === undefined) throw badDescription('no ICE credentials');
  if (algorithm === undefined || fingerprint === undefined) throw badDescription('no fingerprint');
  if (candidate === undefined) throw badDescription('no UDP candidate');
  const { host, port } = candidate;
  if (!(port > 0 && port <= 65_535)) throw badDescription(`port ${port}`);
  return {
    ufrag,
    password,
    algorithm: algorithm.toLowerCase(),
    fingerprint: fingerprint.toUpperCase(),
    address: host,
    port,
  };
}
