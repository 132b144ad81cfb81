import type { types } from 'mediasoup';
import { type Capabilities, isHeaderExtension, type MediaKind } from '../../signalling/sdp/rtp.ts';
import type { SessionKey, TrackKey, TrackRef } from '../session.ts';
import type { ConferenceData } from './data-channels/bridge.ts';
import type { KeyframeGate } from './keyframe-gate.ts';
import type { Speech } from './speech.ts';

/** A track that somebody sends to the focus. */
export interface Publication {
  ref: TrackRef;
  key: TrackKey;
  publisher: SessionKey;
  kind: MediaKind;
  codec: string;
  /** Lowest first, by their rids where they have any. */
  layers: readonly { rid: string | undefined }[];
  /** Scalability mode of a track whose layers come in one stream (SVC). */
  svc: string | undefined;
  producer: types.Producer;
  gate: KeyframeGate;
}

/** The media of one conference: a router of one worker, and the tracks that are published in it. */
export interface ConferenceMedia {
  router: types.Router;
  server: types.WebRtcServer;
  capabilities: Capabilities;
  data: ConferenceData;
  speech: Speech;
  published: Map<TrackKey, Publication>;
}

function parametersOf(parameters: unknown): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(parameters ?? {}).filter(
      (entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  );
}

/** What a router forwards, without what clients need not know of. */
export function capabilitiesOf(router: types.Router): Capabilities {
  const { codecs = [], headerExtensions = [] } = router.rtpCapabilities;
  return {
    codecs: codecs.map(({ kind, mimeType, preferredPayloadType, clockRate, channels, parameters, rtcpFeedback }) => ({
      kind,
      mimeType,
      preferredPayloadType,
      clockRate,
      ...(channels === undefined ? {} : { channels }),
      parameters: parametersOf(parameters),
      rtcpFeedback: rtcpFeedback ?? [],
    })),
    headerExtensions: headerExtensions.flatMap(({ kind, uri, preferredId, direction = 'sendrecv' }) =>
      isHeaderExtension(uri) ? { kind, uri, preferredId, direction } : [],
    ),
  };
}
