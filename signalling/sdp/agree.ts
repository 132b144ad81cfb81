/** Agreement on one section that a client publishes in: codec, extensions, and what it then sends (RFC 3264, RFC 8829). */
import type { ErrorCode } from '../wire/errors.ts';
import { layersFromLowest } from './layers.ts';
import type { RemoteMedia } from './remote.ts';
import {
  type Capabilities,
  type HeaderExtension,
  isHeaderExtension,
  isRtx,
  MID_EXTENSION,
  type RtcpFeedback,
  type RtpCodec,
  type RtpEncoding,
  type RtpParameters,
  TRANSPORT_CC_EXTENSION,
} from './rtp.ts';
import type { MediaBody } from './sections.ts';

/** How a peer's sections are bundled (RFC 8843): the client's and ours apart, or all over one transport. */
export type Bundling = 'two_groups' | 'one_group';

/** What the focus can do, and within which limits. */
export interface Terms {
  capabilities: Capabilities;
  bundling: Bundling;
  /** bit/s; `undefined` for no limit. */
  maxAudioBitrate: number | undefined;
}

export interface Refusal {
  mid: string;
  code: ErrorCode;
  message: string;
}

export type Agreement = { kind: 'agreed'; body: MediaBody } | { kind: 'refused'; code: ErrorCode; message: string };

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

function commonFeedback(offered: RtpCodec, capability: Capability, extensions: HeaderExtension[]): RtcpFeedback[] {
  const transportCc = extensions.some(({ uri }) => uri === TRANSPORT_CC_EXTENSION);
  return offered.rtcpFeedback.filter(
    ({ type, parameter = '' }) =>
      // One way of congestion control: the other one's reports would fight it.
      type !== (transportCc ? 'goog-remb' : 'transport-cc') &&
      capability.rtcpFeedback.some(known => known.type === type && (known.parameter ?? '') === parameter),
  );
}

/** With one transport, an id or extension that the focus uses otherwise itself would be taken for that. */
function commonExtensions(media: RemoteMedia, { capabilities, bundling }: Terms): MediaBody['extensions'] {
  return media.extensions.flatMap(({ id, uri, direction }) => {
    if (!isHeaderExtension(uri) || direction === 'recvonly' || direction === 'inactive') return [];
    const known = capabilities.headerExtensions.filter(
      extension =>
        extension.kind === media.kind &&
        extension.uri === uri &&
        (extension.direction === 'sendrecv' || extension.direction === 'recvonly'),
    );
    if (known.length === 0) return [];
    if (bundling === 'one_group' && !known.some(({ preferredId }) => preferredId === id)) return [];
    return direction === 'sendonly' ? { id, uri, direction: 'recvonly' as const } : { id, uri };
  });
}

/** True where the focus itself uses this payload type for another codec. */
function collides(codec: RtpCodec, capabilities: Capabilities, meansSame: (own: Capability) => boolean): boolean {
  return capabilities.codecs.some(own => own.preferredPayloadType === codec.payloadType && !meansSame(own));
}

/** Agrees on the codec and the extensions of a section, whatever its direction. */
export function agree(media: RemoteMedia, protocol: string, terms: Terms): Agreement {
  const { capabilities, bundling } = terms;
  const pairs = media.codecs.flatMap(codec => {
    const capability = capabilityFor(codec, capabilities);
    return capability === undefined ? [] : [{ codec, capability }];
  });
  const free = pairs.filter(
    ({ codec, capability }) => bundling === 'two_groups' || !collides(codec, capabilities, own => own === capability),
  );
  const [chosen] = free;
  if (chosen === undefined) {
    return pairs.length === 0
      ? { kind: 'refused', code: 'WEIR_NO_COMMON_CODEC', message: `no ${media.kind} codec that the focus forwards` }
      : { kind: 'refused', code: 'WEIR_PAYLOAD_COLLISION', message: 'its payload type means another codec here' };
  }
  const { codec, capability } = chosen;
  const extensions = commonExtensions(media, terms);
  const agreed: RtpCodec = {
    ...codec,
    parameters: { ...codec.parameters, ...capability.parameters },
    rtcpFeedback: commonFeedback(codec, capability, extensions),
  };
  const rtx = media.codecs.find(other => isRtx(other) && other.parameters['apt'] === codec.payloadType);
  const rtxFree =
    rtx !== undefined &&
    (bundling === 'two_groups' ||
      !collides(rtx, capabilities, own => isRtx(own) && own.parameters['apt'] === codec.payloadType));
  return {
    kind: 'agreed',
    body: {
      protocol,
      codecs: rtxFree ? [agreed, { ...rtx, rtcpFeedback: [] }] : [agreed],
      extensions,
    },
  };
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

/** What the client sends in a section that was agreed on; `undefined` where its packets could not be told from others. */
export function sendParameters(mid: string, media: RemoteMedia, body: MediaBody): RtpParameters | undefined {
  const sent = encodings(media);
  if (sent.length === 0 && !body.extensions.some(({ uri }) => uri === MID_EXTENSION)) return undefined;
  return {
    mid,
    codecs: body.codecs,
    headerExtensions: body.extensions.map(({ uri, id }) => ({ uri, id })),
    encodings: sent.length === 0 ? [{}] : sent,
    rtcp: { reducedSize: true, ...(media.cname === undefined ? {} : { cname: media.cname }) },
  };
}
