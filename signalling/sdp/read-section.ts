import { MAX_MID_LENGTH } from './bounds.ts';
import { badSdp, integer, list, type ParsedSection, type ParsedSession, type ParsedShared, text } from './parsed.ts';
import { readMedia } from './read-media.ts';
import type { Fingerprint, MediaLine, RemoteSection, RemoteTransport } from './remote.ts';

/** Without `a=max-message-size` (RFC 8841 section 6). */
const DEFAULT_MAX_MESSAGE_SIZE = 65_536;
const MAX_PORT = 65_535;
const MAX_CREDENTIAL_LENGTH = 256;

/** Bytes of each hash that a fingerprint may have (RFC 8122). */
const HASH_BYTES: Record<Fingerprint['algorithm'], number> = {
  'sha-1': 20,
  'sha-224': 28,
  'sha-256': 32,
  'sha-384': 48,
  'sha-512': 64,
};

function isHash(name: string): name is Fingerprint['algorithm'] {
  return Object.hasOwn(HASH_BYTES, name);
}

function readFingerprint(parsed: ParsedShared['fingerprint']): Fingerprint | undefined {
  const algorithm = text(parsed?.type)?.toLowerCase();
  const value = text(parsed?.hash)?.toUpperCase();
  if (algorithm === undefined || value === undefined || !isHash(algorithm)) return undefined;
  const right = /^[0-9A-F]{2}(:[0-9A-F]{2})*$/.test(value) && value.length === HASH_BYTES[algorithm] * 3 - 1;
  return right ? { algorithm, value } : undefined;
}

function readCredential(field: unknown, minLength: number): string | undefined {
  const credential = text(field);
  if (credential === undefined || credential.length < minLength || credential.length > MAX_CREDENTIAL_LENGTH) {
    return undefined;
  }
  return /^\S+$/.test(credential) ? credential : undefined;
}

/** Attributes may stand once, at the head, for all sections (RFC 8839 section 5, RFC 8122 section 5). */
function readTransport(section: ParsedSection, session: ParsedSession): RemoteTransport | undefined {
  const iceUfrag = readCredential(section.iceUfrag ?? session.iceUfrag, 4);
  const icePwd = readCredential(section.icePwd ?? session.icePwd, 22);
  const fingerprint = readFingerprint(section.fingerprint ?? session.fingerprint);
  if (iceUfrag === undefined || icePwd === undefined || fingerprint === undefined) return undefined;
  const setup = text(section.setup ?? session.setup) ?? 'actpass';
  if (setup !== 'active' && setup !== 'passive' && setup !== 'actpass') throw badSdp('unknown a=setup');
  return { iceUfrag, fingerprint, setup };
}

function readLine(section: ParsedSection): MediaLine & { port: number } {
  const type = text(section.type) ?? '';
  const protocol = text(section.protocol) ?? '';
  const port = integer(section.port, MAX_PORT);
  // The line is repeated in the answer, so nothing but plain tokens may be in it.
  if (!/^[a-z]+$/.test(type) || !/^[A-Za-z0-9/]+$/.test(protocol) || port === undefined) throw badSdp('bad m= line');
  const payloads = text(section.payloads) ?? '';
  if (!/^[\w-]+( [\w-]+)*$/.test(payloads)) throw badSdp('bad m= line');
  return { type, protocol, payloads, port };
}

function readContent(line: MediaLine, section: ParsedSection, session: ParsedSession): RemoteSection['content'] {
  switch (line.type) {
    case 'audio':
    case 'video':
      return /RTP\/S?AVPF?$/.test(line.protocol) ? readMedia(line.type, section, session) : { type: 'unknown' };
    case 'application':
      return /^(UDP|TCP)\/DTLS\/SCTP$/.test(line.protocol)
        ? {
            type: 'channel',
            maxMessageSize: integer(section.maxMessageSize, Number.MAX_SAFE_INTEGER) ?? DEFAULT_MAX_MESSAGE_SIZE,
          }
        : { type: 'unknown' };
    default:
      return { type: 'unknown' };
  }
}

/** Throws WEIR_BAD_SDP. */
export function readSection(section: ParsedSection, session: ParsedSession): RemoteSection {
  const { port, ...line } = readLine(section);
  const mid = text(section.mid) ?? '';
  if (!/^[\w!#$%&'*+.^`{|}~-]+$/.test(mid) || mid.length > MAX_MID_LENGTH) throw badSdp('a section has no usable mid');
  list(section.candidates, undefined, 'candidates');
  const rejected = port === 0 && section.bundleOnly === undefined;
  const transport = readTransport(section, session);
  if (!rejected && transport === undefined) throw badSdp(`no ICE credentials or fingerprint in section ${mid}`);
  return { mid, line, rejected, transport, content: readContent(line, section, session) };
}
