import { MAX_ID_LENGTH } from '../wire/stream-metadata.ts';
import { MAX_LAYERS } from './bounds.ts';
import { badSdp, integer, list, type ParsedSection, type ParsedSession, readDirection, text } from './parsed.ts';
import type { RemoteExtension, RemoteMedia, RemoteRid, RemoteSsrc, TrackIds } from './remote.ts';
import type { MediaKind, RtpCodec } from './rtp.ts';

const MAX_PAYLOAD_TYPE = 127;
const MAX_EXTENSION_ID = 255;
const MAX_SSRC = 0xffff_ffff;
const MAX_CLOCK_RATE = 1_000_000;
const MAX_PARAMETERS = 32;

function readParameters(config: string): Record<string, string | number> {
  const parameters: Record<string, string | number> = {};
  for (const part of config.split(';').slice(0, MAX_PARAMETERS)) {
    const [name = '', ...rest] = part.trim().split('=');
    const value = rest.join('=').trim();
    if (!/^[A-Za-z][\w-]*$/.test(name) || value === '') continue;
    parameters[name] = String(Number(value)) === value && Number.isFinite(Number(value)) ? Number(value) : value;
  }
  return parameters;
}

function readCodecs(kind: MediaKind, section: ParsedSection): RtpCodec[] {
  const maps = list(section.rtp);
  const formats = list(section.fmtp);
  const feedback = list(section.rtcpFb);
  const payloads = (text(section.payloads) ?? '').split(' ').map(Number);
  return list(payloads).flatMap(payloadType => {
    const map = maps.find(candidate => candidate.payload === payloadType);
    const name = text(map?.codec);
    const clockRate = integer(map?.rate, MAX_CLOCK_RATE);
    if (integer(payloadType, MAX_PAYLOAD_TYPE) === undefined || name === undefined || !clockRate) return [];
    const channels = integer(map?.encoding, 255);
    return {
      mimeType: `${kind}/${name}`,
      payloadType,
      clockRate,
      ...(channels === undefined || channels < 2 ? {} : { channels }),
      parameters: readParameters(text(formats.find(format => format.payload === payloadType)?.config) ?? ''),
      rtcpFeedback: feedback
        .filter(line => line.payload === payloadType || line.payload === '*')
        .map(line => ({ type: text(line.type) ?? '', parameter: text(line.subtype) ?? '' })),
    };
  });
}

function readExtensions(section: ParsedSection, session: ParsedSession): RemoteExtension[] {
  return [...list(session.ext), ...list(section.ext)].flatMap(extension => {
    const id = integer(extension.value, MAX_EXTENSION_ID);
    const uri = text(extension.uri);
    if (id === undefined || id === 0 || uri === undefined) return [];
    const direction = extension.direction === undefined ? undefined : readDirection(extension.direction);
    return { id, uri, direction };
  });
}

/** The rids of the list that has the direction `send`; of alternatives (`a,b`) the first, `~` (paused) or not. */
function readRids(section: ParsedSection): RemoteRid[] {
  const { simulcast } = section;
  const lines = list(section.rids).filter(rid => rid.direction === 'send');
  const sent = [
    { direction: simulcast?.dir1, rids: simulcast?.list1 },
    { direction: simulcast?.dir2, rids: simulcast?.list2 },
  ].find(half => half.direction === 'send');
  const names =
    sent === undefined
      ? lines.map(line => text(line.id) ?? '')
      : (text(sent.rids) ?? '').split(';').map(stream => (stream.split(',')[0] ?? '').replace(/^~/, ''));
  if (names.length > MAX_LAYERS) throw badSdp('too many simulcast layers');
  if (new Set(names).size !== names.length) throw badSdp('two simulcast layers have one rid');
  return names.map(rid => {
    const line = lines.find(candidate => text(candidate.id) === rid);
    if (line === undefined || !/^[A-Za-z0-9_-]{1,16}$/.test(rid)) throw badSdp('a simulcast layer has no a=rid line');
    const maxWidth = /(?:^|;)max-width=(\d{1,5})(?:;|$)/.exec(text(line.params) ?? '')?.[1];
    return { rid, maxWidth: maxWidth === undefined ? undefined : Number(maxWidth) };
  });
}

function readSsrcs(section: ParsedSection): RemoteSsrc[] {
  const ssrcs = [...new Set(list(section.ssrcs).flatMap(line => integer(line.id, MAX_SSRC) ?? []))];
  const groups = list(section.ssrcGroups).map(group => ({
    semantics: text(group.semantics),
    ssrcs: (text(group.ssrcs) ?? '').split(' ').map(Number),
  }));
  const repairs = new Map(
    groups.flatMap(({ semantics, ssrcs: [ssrc, rtx] }) =>
      semantics === 'FID' && ssrc !== undefined && rtx !== undefined && ssrcs.includes(rtx) ? [[ssrc, rtx]] : [],
    ),
  );
  const layers = groups.find(({ semantics }) => semantics === 'SIM')?.ssrcs.filter(ssrc => ssrcs.includes(ssrc));
  if (layers !== undefined && layers.length > MAX_LAYERS) throw badSdp('too many simulcast layers');
  const rtxSsrcs = new Set(repairs.values());
  const media = layers ?? ssrcs.filter(ssrc => !rtxSsrcs.has(ssrc)).slice(0, 1);
  return media.map(ssrc => ({ ssrc, rtx: repairs.get(ssrc) }));
}

function isId(id: string | undefined): id is string {
  return id !== undefined && id !== '' && id.length <= MAX_ID_LENGTH;
}

/** From a=msid (RFC 8830), or from the older form of it on an a=ssrc line. */
function readTrack(section: ParsedSection): TrackIds | undefined {
  const line = list(section.msid)[0];
  // The parser's pattern for ids is narrower than the RFC's: Firefox puts them into braces.
  const other = list(section.invalid)
    .map(({ value }) => /^msid:(\S+) (\S+)$/.exec(text(value) ?? ''))
    .find(match => match !== null);
  const older = text(list(section.ssrcs).find(ssrc => ssrc.attribute === 'msid')?.value)?.split(' ');
  const streamId = text(line?.id) ?? other?.[1] ?? older?.[0];
  const trackId = text(line?.appdata) ?? other?.[2] ?? older?.[1];
  return isId(streamId) && isId(trackId) ? { streamId, trackId } : undefined;
}

/** Throws WEIR_BAD_SDP. */
export function readMedia(kind: MediaKind, section: ParsedSection, session: ParsedSession): RemoteMedia {
  return {
    type: 'media',
    kind,
    direction: readDirection(section.direction ?? session.direction),
    codecs: readCodecs(kind, section),
    extensions: readExtensions(section, session),
    rids: readRids(section),
    ssrcs: readSsrcs(section),
    cname: text(list(section.ssrcs).find(line => line.attribute === 'cname')?.value)?.slice(0, MAX_ID_LENGTH),
    track: readTrack(section),
  };
}
