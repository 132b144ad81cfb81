/** Agreement on one section that a client publishes in: codec, extensions, and what it then sends (RFC 3264, RFC 8829). */
import type { ErrorCode } from '../wire/errors.ts';
import { agreeExtensions, type ExtensionAgreement, feedbackFor } from './extensions.ts';
import { layersFromLowest } from './layers.ts';
import type { RemoteMedia, Stack } from './remote.ts';
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

/** What the focus can do, and within which limits. */
export interface Terms {
  capabilities: Capabilities;
  /** bit/s; `undefined` for no limit. */
  maxAudioBitrate: number | undefined;
}

export interface Refusal {
  mid: string;
  code: ErrorCode;
  message: string;
}

export type Agreement =
  | { kind: 'agreed'; body: MediaBody; added: ExtensionAgreement['added'] }
  | { kind: 'refused'; code: ErrorCode; message: string };

type Capability = Capabilities['codecs'][number];

/** Parameters of a codec that make it another one (RFC 6184 section 8.2.2, RFC 9628 section 6). */
function sameFlavour(offered: RtpCodec, capability: Capability): boolean {
  const differs = (name: string) => (offered.parameters[name] ?? 0) !== (capability.parameters[name] ?? 0);
  // Of an H.264 profile-level-id the level may differ, profile and constraints may not.
  const profile = (parameters: RtpCodec['parameters']) => String(parameters['profile-level-id'] ?? '').slice(0, 4);
  return (
    !differs('packetization-mode') &&
    !differs('profile-id') &&
    profile(offered.parameters).toLowerCase() === profile(capability.parameters).toLowerCase()
  );
}

function capabilityFor(offered: RtpCodec, capabilities: Capabilities): Capability | undefined {
  return capabilities.codecs.find(
    capability =>
      !isRtx(offered) &&
      capability.mimeType.toLowerCase() === offered.mimeType.toLowerCase() &&
      capability.clockRate === offered.clockRate &&
      capability.channels === offered.channels &&
      sameFlavour(offered, capability),
  );
}

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
export function agree(media: RemoteMedia, protocol: string, stack: Stack, { capabilities }: Terms): Agreement {
  const pairs = media.codecs.flatMap(codec => {
    const capability = capabilityFor(codec, capabilities);
    return capability === undefined ? [] : [{ codec, capability }];
  });
  const [chosen] = pairs.filter(({ codec, capability }) => !collides(codec, capabilities, own => own === capability));
  if (chosen === undefined) {
    return pairs.length === 0
      ? { kind: 'refused', code: 'WEIR_NO_COMMON_CODEC', message: `no ${media.kind} codec that the focus forwards` }
      : { kind: 'refused', code: 'WEIR_PAYLOAD_COLLISION', message: 'its payload type means another codec here' };
  }
  const { codec, capability } = chosen;
  const agreed: RtpCodec = {
    ...codec,
    parameters: { ...codec.parameters, ...capability.parameters },
    rtcpFeedback: commonFeedback(codec, capability),
  };
  const rtx = media.codecs.find(
    other =>
      isRtx(other) &&
      other.parameters['apt'] === codec.payloadType &&
      !collides(other, capabilities, own => isRtx(own) && own.parameters['apt'] === codec.payloadType),
  );
  const { extensions, added } = agreeExtensions(media, stack, capabilities);
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

/** What the client sends in a section that was agreed on, once the next offer of ours is agreed on, too. */
export function sendParameters(
  mid: string,
  media: RemoteMedia,
  { body, added }: Extract<Agreement, { kind: 'agreed' }>,
): RtpParameters {
  const extensions = [...body.extensions, ...added];
  const dtx = Number(body.codecs[0]?.parameters['usedtx'] ?? 0) === 1;
  const sent = encodings(media);
  return {
    mid,
    codecs: body.codecs.map(codec => ({ ...codec, rtcpFeedback: feedbackFor(codec.rtcpFeedback, extensions) })),
    headerExtensions: extensions.map(({ uri, id }) => ({ uri, id })),
    encodings: (sent.length === 0 ? [{}] : sent).map(encoding => (dtx ? { ...encoding, dtx } : encoding)),
    rtcp: { reducedSize: true, ...(media.cname === undefined ? {} : { cname: media.cname }) },
  };
}

/** How the focus can tell a section's packets from those of others. */
export type ToldApart = 'now' | 'after_our_offer' | 'never';

/**
 * By ssrc; by mid; or by rid, as long as no other section (`taken`: their rids) sends the same ones. Packets that came
 * before they can be told apart would be taken for another section's for good.
 */
export function toldApart(
  media: RemoteMedia,
  { body, added }: Extract<Agreement, { kind: 'agreed' }>,
  taken: ReadonlySet<string>,
): ToldApart {
  const has = (extensions: readonly { uri: string }[]): boolean => extensions.some(({ uri }) => uri === EXTENSION.mid);
  const byRid = media.rids.length > 0 && body.extensions.some(({ uri }) => uri === EXTENSION.rid);
  if (media.rids.length === 0 && media.ssrcs.length > 0) return 'now';
  if (byRid && !media.rids.some(({ rid }) => taken.has(rid))) return 'now';
  if (has(body.extensions) && (byRid || media.rids.length === 0)) return 'now';
  return has([...body.extensions, ...added]) ? 'after_our_offer' : 'never';
}
