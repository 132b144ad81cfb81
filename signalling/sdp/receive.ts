/** What a client can be sent, given what it uses itself. */
import type { RemoteDescription } from './remote.ts';
import { type Capabilities, TRANSPORT_CC_EXTENSION } from './rtp.ts';

const ABS_SEND_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time';

/**
 * Capabilities to send to this client with. Firefox wants one meaning of an extension id in the whole description ("attempted
 * to remap RTP extension id"), so extensions whose id it uses otherwise are left out; with transport-cc its feedback
 * goes, too, and the receiver's estimate (REMB) drives.
 */
export function receiveCapabilities(capabilities: Capabilities, offer: RemoteDescription): Capabilities {
  const sendable = capabilities.headerExtensions.filter(
    ({ direction }) => direction === 'sendrecv' || direction === 'sendonly',
  );
  if (offer.stack !== 'mozilla') return { ...capabilities, headerExtensions: sendable };
  const used = new Map(
    offer.sections.flatMap(({ content }) =>
      content.type === 'media' ? content.extensions.map(({ id, uri }) => [id, uri] as const) : [],
    ),
  );
  const headerExtensions = sendable.filter(({ preferredId, uri }) => {
    const theirs = used.get(preferredId);
    // abs-send-time has this id in every Firefox; any other free id could be taken by a section that it adds later.
    return theirs === undefined ? uri === ABS_SEND_TIME : theirs === uri;
  });
  if (headerExtensions.some(({ uri }) => uri === TRANSPORT_CC_EXTENSION)) return { ...capabilities, headerExtensions };
  return {
    codecs: capabilities.codecs.map(codec => ({
      ...codec,
      rtcpFeedback: codec.rtcpFeedback.filter(({ type }) => type !== 'transport-cc'),
    })),
    headerExtensions,
  };
}
