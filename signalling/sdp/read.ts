/** Session descriptions of clients (RFC 8829, RFC 8866) become typed here. */
import { parse } from 'sdp-transform';
import { MAX_SDP_LENGTH } from '../wire/description.ts';
import { asWeirError, WeirError } from '../wire/errors.ts';
import { MAX_LINE_LENGTH, MAX_SECTIONS } from './bounds.ts';
import { badSdp, list, type ParsedSession, text } from './parsed.ts';
import { readSection } from './read-section.ts';
import type { RemoteDescription, Stack } from './remote.ts';

function stackOf(session: ParsedSession): Stack {
  const username = text(session.origin?.username) ?? '';
  if (username.startsWith('mozilla')) return 'mozilla';
  return username === '-' && text(session.origin?.address) === '127.0.0.1' ? 'libwebrtc' : 'other';
}

function read(sdp: string): RemoteDescription {
  if (sdp.length > MAX_SDP_LENGTH) throw badSdp('longer than a message may be');
  if (sdp.split(/\r\n|\r|\n/).some(line => line.length > MAX_LINE_LENGTH)) throw badSdp('a line is too long');
  const session: ParsedSession = parse(sdp);
  const media = list(session.media, MAX_SECTIONS, 'sections');
  if (media.length === 0) throw badSdp('no section');
  const sections = media.map(section => readSection(section, session));
  const mids = new Set(sections.map(section => section.mid));
  if (mids.size !== sections.length) throw badSdp('two sections have one mid');
  const groups = list(session.groups, MAX_SECTIONS, 'groups')
    .filter(group => text(group.type) === 'BUNDLE')
    .map(group => (text(group.mids) ?? '').split(' ').filter(mid => mid !== ''));
  if (new Set(groups.flat()).size !== groups.flat().length) throw badSdp('a section is in two groups');
  return { stack: stackOf(session), allowsLongExtensions: session.extmapAllowMixed !== undefined, sections, groups };
}

/**
 * Reads an offer or an answer of a client.
 * Throws WEIR_BAD_SDP, and nothing else, for whatever cannot be used.
 */
export function readDescription(sdp: string): RemoteDescription {
  try {
    return read(sdp);
  } catch (thrown) {
    throw thrown instanceof WeirError ? thrown : asWeirError(thrown, 'WEIR_BAD_SDP');
  }
}
