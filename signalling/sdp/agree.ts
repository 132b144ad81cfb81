/** Agreement on one section that a client publishes in: codec, extensions, and what it then sends (RFC 3264, RFC 8829). */
import type { ErrorCode } from '../wire/errors.ts';
import { type Capability, capabilityFor, hasSimulcast, needsDependencies } from './codecs.ts';
import { agreeExtensions, type ExtensionAgreement, feedbackFor } from './extensions.ts';
import { layersFromLowest } from './layers.ts';
import type { RemoteMedia, Stack, TrackIds } from './remote.ts';
import {
  type Capabilities,
  EXTENSION,
  isRtx,
  type RtcpFeedback,
  type RtpCodec,
  type RtpEncoding,
  type RtpParameters,
} from './rtp.ts';
import type { MediaBody } from './sections.ts';
import { spatialLayersOf } from './svc.ts';

/** What the focus can do, and within which limits. */
export interface Terms {
  capabilities: Capabilities;
  /** bit/s; `undefined` for no limit. */
  maxAudioBitrate: number | undefined;
  /** Whose order of codecs decides what is sent in a section; the client's by default (RFC 3264 section 6.1). */
  codecOrder?: 'publisher' | 'focus';
  /** In which scalability mode (W3C WebRTC-SVC) the client says that it sends a track. */
  scalabilityModeOf?: (track: TrackIds) => string | undefined;
}

export interface Refusal {
  mid: string;
  code: ErrorCode;
  message: string;
}

export type Agreement =
  | { kind: 'agreed'; body: MediaBody; added: ExtensionAgreement['added'] }
  | { kind: 'refused'; code: ErrorCode; message: string };
type Agreed = Extract<Agreement, { kind: 'agreed' }>;

function commonFeedback(offered: RtpCodec, capability: Capability): RtcpFeedback[] {
  return offered.rtcpFeedback.filter(({ type, parameter = '' }) =>
    capability.rtcpFeedback.some(known => known.type === type && (known.parameter ?? '') === parameter),
  );
}

/** True where the focus itself uses this payload type for another codec. */
function collides(codec: RtpCodec, capabilities: Capabilities, meansSame: (own: Capability) => boolean): boolean {
  return capabilities.codecs.some(own => own.preferredPayloadType === codec.payloadType && !meansSame(own));
}

/**
 * Agrees on the codec and the extensions of a section, whatever its direction. What both ends send shares one transport, so a
 * payload type may not mean two codecs.
 */
export function agree(media: RemoteMedia, protocol: string, stack: Stack, terms: Terms): Agreement {
  const { capabilities, codecOrder = 'publisher' } = terms;
  const pairs = media.codecs.flatMap(codec => {
    const capability = capabilityFor(codec, capabilities);
    return capability === undefined ? [] : [{ codec, capability }];
  });
  if (codecOrder === 'focus') {
    const place = ({ capability }: (typeof pairs)[number]): number => capabilities.codecs.indexOf(capability);
    pairs.sort((one, other) => place(one) - place(other));
  }
  const describes = ({ extensions, added }: ExtensionAgreement): boolean =>
    [...extensions, ...added].some(({ uri }) => uri === EXTENSION.dependencyDescriptor);
  const usable = pairs.filter(
    ({ codec }) => !needsDependencies(codec) || describes(agreeExtensions(media, stack, capabilities, codec)),
  );
  const chosen = usable.find(({ codec, capability }) => !collides(codec, capabilities, own => own === capability));
  if (chosen === undefined) {
    return usable.length === 0
      ? { kind: 'refused', code: 'WEIR_NO_COMMON_CODEC', message: `no ${media.kind} codec that the focus forwards` }
      : { kind: 'refused', code: 'WEIR_PAYLOAD_COLLISION', message: 'its payload type means another codec here' };
  }
  const { codec, capability } = chosen;
  const agreed: RtpCodec = {
    ...codec,
    mimeType: capability.mimeType,
    parameters: { ...codec.parameters, ...capability.parameters },
    rtcpFeedback: commonFeedback(codec, capability),
  };
  const rtx = media.codecs.find(
    other =>
      isRtx(other) &&
      other.parameters['apt'] === codec.payloadType &&
      !collides(other, capabilities, own => isRtx(own) && own.parameters['apt'] === codec.payloadType),
  );
  const { extensions, added } = agreeExtensions(media, stack, capabilities, agreed);
  const codecs = rtx === undefined ? [agreed] : [agreed, { ...rtx, rtcpFeedback: [] }];
  return { kind: 'agreed', body: { protocol, codecs, extensions }, added };
}

/** Chromium sends simulcast with three temporal layers; unsaid, only the lowest of them would be forwarded. */
const SIMULCAST_MODE = 'L1T3';

function encodings(media: RemoteMedia): RtpEncoding[] {
  if (media.rids.length > 0) {
    return layersFromLowest(media.rids).map(rid => ({ rid, scalabilityMode: SIMULCAST_MODE }));
  }
  return media.ssrcs.map(({ ssrc, rtx }) => ({
    ssrc,
    ...(rtx === undefined ? {} : { rtx: { ssrc: rtx } }),
    ...(media.ssrcs.length > 1 ? { scalabilityMode: SIMULCAST_MODE } : {}),
  }));
}

/** What of an offered section can be sent in the codec that was agreed on: of one without simulcast a single stream. */
export function asAgreed(media: RemoteMedia, { body }: Pick<Agreed, 'body'>): RemoteMedia {
  const [codec] = body.codecs;
  if (codec === undefined || hasSimulcast(codec)) return media;
  return { ...media, rids: [], ssrcs: media.ssrcs.slice(0, 1) };
}

/** The mode in which a track is sent, where its codec has spatial layers and the client named one that can be forwarded. */
function scalabilityModeOf(media: RemoteMedia, { body }: Agreed, terms: Terms): string | undefined {
  const [codec] = body.codecs;
  const mode = media.track === undefined ? undefined : terms.scalabilityModeOf?.(media.track);
  if (codec === undefined || mode === undefined || hasSimulcast(codec)) return undefined;
  return spatialLayersOf(mode) === undefined ? undefined : mode;
}

/** What the client sends in a section that was agreed on, once the next offer of ours is agreed on, too. */
export function sendParameters(mid: string, media: RemoteMedia, agreed: Agreed, terms: Terms): RtpParameters {
  const { body, added } = agreed;
  const extensions = [...body.extensions, ...added];
  const dtx = Number(body.codecs[0]?.parameters['usedtx'] ?? 0) === 1;
  const mode = scalabilityModeOf(media, agreed, terms);
  const streams = encodings(media);
  const sent = (streams.length === 0 ? [{}] : streams).map(stream => ({
    ...stream,
    ...(mode === undefined ? {} : { scalabilityMode: mode }),
    ...(dtx ? { dtx } : {}),
  }));
  return {
    mid,
    codecs: body.codecs.map(codec => ({ ...codec, rtcpFeedback: feedbackFor(codec.rtcpFeedback, extensions) })),
    headerExtensions: extensions.map(({ uri, id }) => ({ uri, id })),
    encodings: sent,
    rtcp: { reducedSize: true, ...(media.cname === undefined ? {} : { cname: media.cname }) },
  };
}

/** How the focus can tell a section's packets from those of others. */
export type ToldApart = 'now' | 'after_our_offer' | 'never';

/**
 * By ssrc; by mid; or by rid, as long as no other section (`taken`: their rids) sends the same ones. Packets that came
 * before they can be told apart would be taken for another section's for good.
 */
export function toldApart(media: RemoteMedia, { body, added }: Agreed, taken: ReadonlySet<string>): ToldApart {
  const has = (extensions: readonly { uri: string }[]): boolean => extensions.some(({ uri }) => uri === EXTENSION.mid);
  const byRid = media.rids.length > 0 && body.extensions.some(({ uri }) => uri === EXTENSION.rid);
  if (media.rids.length === 0 && media.ssrcs.length > 0) return 'now';
  if (byRid && !media.rids.some(({ rid }) => taken.has(rid))) return 'now';
  if (has(body.extensions) && (byRid || media.rids.length === 0)) return 'now';
  return has([...body.extensions, ...added]) ? 'after_our_offer' : 'never';
}
