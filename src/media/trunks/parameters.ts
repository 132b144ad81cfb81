/** A track's RTP parameters as a trunk description tells them, and back. Pure. */
import type { types } from 'mediasoup';
import { capabilityFor, needsDependencies } from '../../../signalling/sdp/codecs.ts';
import {
  type Capabilities,
  EXTENSION,
  type HeaderExtension,
  isHeaderExtension,
  isRtx,
  type MediaKind,
  type RtcpFeedback,
  type RtpCodec,
  type RtpEncoding,
} from '../../../signalling/sdp/rtp.ts';
import { WeirError } from '../../../signalling/wire/errors.ts';
import type { TrunkOffer, TrunkTrack } from '../../../signalling/wire/trunk-description.ts';
import type { TrackRef } from '../../session.ts';

/** What packets of a client are told apart by: those of a trunk are by their ssrcs. */
const IDENTIFYING: readonly string[] = [EXTENSION.mid, EXTENSION.rid, EXTENSION.repairedRid];

/** What tracks are sent with over a trunk. */
export function trunkCapabilities(capabilities: Capabilities): Capabilities {
  return {
    ...capabilities,
    headerExtensions: capabilities.headerExtensions.filter(({ uri }) => !IDENTIFYING.includes(uri)),
  };
}

/** The extensions that all packets of a kind may have. */
export function extensionsSent({ headerExtensions }: Capabilities): TrunkOffer['extensions'] {
  const of = (wanted: MediaKind): TrunkOffer['extensions'][MediaKind] =>
    headerExtensions
      // The media engine passes the dependency descriptor on, whatever it says of itself.
      .filter(({ uri, direction }) => uri === EXTENSION.dependencyDescriptor || direction.startsWith('send'))
      .flatMap(({ kind, uri, preferredId }) => (kind === wanted ? { uri, id: preferredId } : []));
  return { audio: of('audio'), video: of('video') };
}

/** A track that is sent in these streams, the lowest layer first. `dtx`: silence is not sent. */
export function describe(
  ref: TrackRef,
  kind: MediaKind,
  streams: readonly types.RtpParameters[],
  dtx: boolean,
): TrunkTrack {
  const [{ codecs, rtcp, encodings: [{ scalabilityMode } = {}] = [] } = { codecs: [] }] = streams;
  const codec = codecs.find(each => !isRtx(each));
  if (codec === undefined) throw new WeirError('WEIR_MEDIA_FAILED', 'the track is sent in no codec');
  const rtx = codecs.find(isRtx);
  const { mimeType, payloadType, clockRate, channels, rtcpFeedback = [] } = codec;
  return {
    stream_id: ref.streamId,
    track_id: ref.trackId,
    kind,
    codec: {
      mime_type: mimeType,
      payload_type: payloadType,
      clock_rate: clockRate,
      ...(channels === undefined ? {} : { channels }),
      parameters: plainParameters(codec.parameters),
      feedback: rtcpFeedback.map(({ type, parameter }) => (parameter ? `${type} ${parameter}` : type)),
      ...(rtx === undefined ? {} : { rtx_payload_type: rtx.payloadType }),
    },
    cname: rtcp?.cname ?? '',
    layers: streams.map(({ encodings: [encoding] = [] }) => {
      if (encoding?.ssrc === undefined) throw new WeirError('WEIR_MEDIA_FAILED', 'a stream has no ssrc');
      return {
        ssrc: encoding.ssrc,
        ...(rtx === undefined || encoding.rtx === undefined ? {} : { rtx_ssrc: encoding.rtx.ssrc }),
      };
    }),
    ...(scalabilityMode === undefined ? {} : { scalability_mode: modeOfStream(scalabilityMode, streams.length) }),
    ...(dtx ? { dtx: true } : {}),
  };
}

/** As a producer is made of. */
export interface ReceivedParameters {
  codecs: RtpCodec[];
  headerExtensions: HeaderExtension[];
  encodings: RtpEncoding[];
  rtcp: { cname: string; reducedSize: boolean };
}

/** Throws WEIR_NO_COMMON_CODEC where the track is sent in what is not forwarded here. */
export function receivedParameters(
  { kind, codec, cname, layers, scalability_mode: scalabilityMode, dtx }: TrunkTrack,
  extensions: TrunkOffer['extensions'],
  capabilities: Capabilities,
): ReceivedParameters {
  const { mime_type: mimeType, payload_type: payloadType, clock_rate: clockRate, channels, parameters } = codec;
  const main: RtpCodec = {
    mimeType,
    payloadType,
    clockRate,
    ...(channels === undefined ? {} : { channels }),
    parameters,
    rtcpFeedback: codec.feedback.map(feedbackOf),
  };
  const known = capabilityFor(main, capabilities);
  if (known?.kind !== kind) throw new WeirError('WEIR_NO_COMMON_CODEC', 'it is sent in a codec that is not forwarded');
  const rtx: RtpCodec[] =
    codec.rtx_payload_type === undefined
      ? []
      : [
          {
            mimeType: `${kind}/rtx`,
            payloadType: codec.rtx_payload_type,
            clockRate,
            parameters: { apt: payloadType },
            rtcpFeedback: [],
          },
        ];
  return {
    codecs: [main, ...rtx],
    headerExtensions: extensions[kind].flatMap(({ uri, id }) =>
      isHeaderExtension(uri) &&
      !IDENTIFYING.includes(uri) &&
      (uri !== EXTENSION.dependencyDescriptor || needsDependencies(main))
        ? { uri, id }
        : [],
    ),
    encodings: layers.map(({ ssrc, rtx_ssrc: rtxSsrc }) => ({
      ssrc,
      ...(rtxSsrc === undefined ? {} : { rtx: { ssrc: rtxSsrc } }),
      ...(scalabilityMode === undefined ? {} : { scalabilityMode }),
      ...(dtx === true ? { dtx } : {}),
    })),
    rtcp: { cname, reducedSize: true },
  };
}

/** mediasoup calls a stream that is one of several simulcast layers by all of them: `L3T3`. Each of them is `L1T3`. */
function modeOfStream(mode: string, streams: number): string {
  return streams > 1 ? mode.replace(/^L\d+/, 'L1') : mode;
}

function feedbackOf(text: string): RtcpFeedback {
  const [type = '', parameter] = text.split(' ');
  return { type, ...(parameter === undefined ? {} : { parameter }) };
}

function plainParameters(parameters: unknown): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(parameters ?? {}).filter(
      (entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  );
}
