/** What each section of a client's offer asks for (RFC 3264 section 6, RFC 8829 section 5.3). */
import { agree, type Agreement, asAgreed, type Refusal, sendParameters, type Terms, toldApart } from './agree.ts';
import type { Ledger } from './ledger.ts';
import { badSdp } from './parsed.ts';
import type { RemoteDescription, RemoteMedia, RemoteSection, Stack, TrackIds } from './remote.ts';
import type { RtpParameters } from './rtp.ts';
import type { ChannelSection, PublishingSection, ReceivingSection, RefusedSection, Section } from './sections.ts';

export type Asked =
  /** Answered with port 0. */
  | { act: 'refuse'; section: RefusedSection; refusal?: Refusal }
  | { act: 'channel'; section: ChannelSection; maxMessageSize: number }
  /** The client sends a track. */
  | { act: 'publish'; section: PublishingSection; track: TrackIds; parameters: RtpParameters }
  /** The client's section stays, and carries nothing. */
  | { act: 'idle'; section: PublishingSection; refusal?: Refusal }
  /** A section of ours; `wanted`: the client would take what we send, in the ways that it offers. */
  | { act: 'receive'; section: ReceivingSection; wanted: boolean; offered: RemoteMedia };

function refuse(theirs: RemoteSection, refusal?: Omit<Refusal, 'mid'>): Asked {
  const section: RefusedSection = { kind: 'refused', mid: theirs.mid, line: theirs.line };
  return { act: 'refuse', section, ...(refusal === undefined ? {} : { refusal: { ...refusal, mid: theirs.mid } }) };
}

function askedOfMedia(
  theirs: RemoteSection,
  offered: RemoteMedia,
  stack: Stack,
  terms: Terms,
  taken: Set<string>,
): Asked {
  const { mid, line } = theirs;
  const agreement: Agreement = agree(offered, line.protocol, stack, terms);
  if (agreement.kind === 'refused') {
    return refuse(theirs, { code: agreement.code, message: agreement.message });
  }
  const media = asAgreed(offered, agreement);
  const section: PublishingSection = {
    kind: 'publishing',
    mid,
    media: media.kind,
    direction: 'inactive',
    body: agreement.body,
    added: agreement.added,
    rids: media.rids.map(({ rid }) => rid),
    maxBitrate: media.kind === 'audio' ? terms.maxAudioBitrate : undefined,
  };
  if (media.direction === 'recvonly' || media.direction === 'inactive') return { act: 'idle', section };
  const told = toldApart(media, agreement, taken);
  if (media.track === undefined || told === 'never') {
    const message = media.track === undefined ? 'no a=msid: nobody could ask for it' : 'no rid, ssrc or mid extension';
    return { act: 'idle', section, refusal: { mid, code: 'WEIR_BAD_SDP', message } };
  }
  for (const { rid } of media.rids) taken.add(rid);
  const direction = told === 'now' ? 'recvonly' : 'deferred';
  const parameters = sendParameters(mid, media, agreement, terms);
  return { act: 'publish', section: { ...section, direction }, track: media.track, parameters };
}

/** What the client did not offer may not be in the answer (RFC 3264 section 6.1, RFC 8285 section 7): Firefox checks it. */
export function withinOffer(section: ReceivingSection, offered: RemoteMedia): ReceivingSection {
  const codecs = section.body.codecs.flatMap(codec => {
    const theirs = offered.codecs.find(({ payloadType }) => payloadType === codec.payloadType);
    if (theirs === undefined) return [];
    const rtcpFeedback = codec.rtcpFeedback.filter(({ type, parameter = '' }) =>
      theirs.rtcpFeedback.some(other => other.type === type && (other.parameter ?? '') === parameter),
    );
    return { ...codec, rtcpFeedback };
  });
  const extensions = section.body.extensions.filter(({ id, uri }) =>
    offered.extensions.some(theirs => theirs.id === id && theirs.uri === uri),
  );
  // Without a codec in common there is nothing to write: the section stays, and carries nothing.
  if (codecs.length === 0) return { ...section, direction: 'inactive', body: { ...section.body, extensions } };
  return { ...section, body: { ...section.body, codecs, extensions } };
}

function mediaOf(section: Section): string {
  if (section.kind === 'refused') return section.line.type;
  return section.kind === 'channel' ? 'application' : section.media;
}

/** Sections outside the BUNDLE group would need a transport each. */
function bundledIn(offer: RemoteDescription): (mid: string) => boolean {
  const alive = offer.sections.filter(({ rejected }) => !rejected).map(({ mid }) => mid);
  const group = offer.groups.find(mids => mids.some(mid => alive.includes(mid)));
  return mid => (group === undefined ? mid === alive[0] : group.includes(mid));
}

/**
 * Reads what a client's offer asks for, section by section, in the order of its m-lines.
 * Throws WEIR_BAD_SDP where the offer breaks with the history of the connection.
 */
export function readOffer(ledger: Ledger, offer: RemoteDescription, terms: Terms): Asked[] {
  const { agreed } = ledger;
  if (offer.sections.length < agreed.length) throw badSdp('m-lines are missing');
  const ours = new Set(agreed.filter(({ kind }) => kind === 'receiving').map(({ mid }) => mid));
  const bundled = bundledIn(offer);
  /** Rids of sections that send. */
  const rids = new Set<string>();
  let channels = 0;
  return offer.sections.map((theirs, index): Asked => {
    const before = agreed[index];
    const known = before !== undefined && before.kind !== 'refused' ? before : undefined;
    if (known !== undefined && (known.mid !== theirs.mid || mediaOf(known) !== theirs.line.type)) {
      throw badSdp(`m-line ${index} has become another one`);
    }
    if (known === undefined && ours.has(theirs.mid)) throw badSdp('a section of the focus has moved');
    if (theirs.rejected) return refuse(theirs);
    if (known?.kind === 'receiving') {
      const { content } = theirs;
      if (content.type !== 'media') return refuse(theirs);
      const wanted = content.direction === 'recvonly' || content.direction === 'sendrecv';
      return { act: 'receive', section: known, wanted, offered: content };
    }
    if (!bundled(theirs.mid)) return refuse(theirs, { code: 'WEIR_BAD_SDP', message: 'not in the BUNDLE group' });
    switch (theirs.content.type) {
      case 'media':
        return askedOfMedia(theirs, theirs.content, offer.stack, terms, rids);
      case 'channel':
        channels += 1;
        if (channels > 1) return refuse(theirs, { code: 'WEIR_BAD_SDP', message: 'a second data channel section' });
        return {
          act: 'channel',
          section: { kind: 'channel', mid: theirs.mid, line: theirs.line },
          maxMessageSize: theirs.content.maxMessageSize,
        };
      case 'unknown':
        return refuse(theirs, { code: 'WEIR_NO_COMMON_CODEC', message: 'neither RTP nor a data channel' });
    }
  });
}
