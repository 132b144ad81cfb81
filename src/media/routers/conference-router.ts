import type { types } from 'mediasoup';
import { type Capabilities, isHeaderExtension } from '../../../signalling/sdp/rtp.ts';
import { MAX_MESSAGE_SIZE } from '../../../signalling/sdp/write.ts';
import { type CodecName, codecsNamed, inOrder } from '../codecs.ts';
import type { DataBridge } from '../data-channels/bridge.ts';
import type { WorkerSlot } from '../worker-pool.ts';

/** A router of a conference on one worker, and what its participants there share. Another router has its own of each. */
export interface ConferenceRouter {
  readonly router: types.Router;
  readonly server: types.WebRtcServer;
  readonly capabilities: Capabilities;
  readonly bridge: DataBridge;
}

export async function openRouter(
  { worker, server }: WorkerSlot,
  codecs: readonly CodecName[],
): Promise<ConferenceRouter> {
  const router = await worker.createRouter({ mediaCodecs: codecsNamed(codecs) });
  try {
    const direct = await router.createDirectTransport({ maxSendMessageSize: MAX_MESSAGE_SIZE });
    const silent = await direct.produceData();
    return { router, server, capabilities: inOrder(capabilitiesOf(router), codecs), bridge: { direct, silent } };
  } catch (thrown) {
    router.close();
    throw thrown;
  }
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
