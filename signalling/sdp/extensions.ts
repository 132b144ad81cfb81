/**
 * Header extensions when both ends send over one transport: browsers bundle everything, and their later offers know a single
 * BUNDLE group only, so what the client sends and what it is sent share one space of ids (RFC 8843 section 9.1, RFC 8285).
 */
import { needsDependencies } from './codecs.ts';
import type { RemoteDescription, RemoteMedia, Stack } from './remote.ts';
import {
  type Capabilities,
  CARRIED_EXTENSIONS,
  EXTENSION,
  type HeaderExtension,
  type HeaderExtensionUri,
  isHeaderExtension,
  type MediaKind,
  type RtcpFeedback,
} from './rtp.ts';
import type { MediaBody, Section } from './sections.ts';

/** What the packets of a client are told apart by. */
const IDENTIFYING: readonly HeaderExtensionUri[] = [EXTENSION.mid, EXTENSION.rid, EXTENSION.repairedRid];
const USED: readonly HeaderExtensionUri[] = [...IDENTIFYING, ...CARRIED_EXTENSIONS];

function isUsed(uri: HeaderExtensionUri, codec: { mimeType: string } | undefined): boolean {
  if (uri === EXTENSION.dependencyDescriptor) return codec !== undefined && needsDependencies(codec);
  return USED.includes(uri);
}

/** The focus's own id of an extension it can receive. */
function ownId(capabilities: Capabilities, kind: MediaKind, uri: HeaderExtensionUri): number | undefined {
  return capabilities.headerExtensions.find(
    extension =>
      extension.kind === kind &&
      extension.uri === uri &&
      (extension.direction === 'sendrecv' || extension.direction === 'recvonly'),
  )?.preferredId;
}

function carriedIds(capabilities: Capabilities): Set<number> {
  return new Set(
    capabilities.headerExtensions
      .filter(({ uri }) => CARRIED_EXTENSIONS.includes(uri))
      .map(({ preferredId }) => preferredId),
  );
}

/** Extensions of an offered section: those agreed at once, and those that our next offer adds under the focus's ids. */
export interface ExtensionAgreement {
  extensions: MediaBody['extensions'];
  added: HeaderExtension[];
}

/**
 * Agrees on an offered section's extensions. Ids that packets of the focus carry are refused where they mean something else
 * to the client. Apart from Firefox, which has one id for each extension and never another, what is refused for its id
 * comes again with the focus's own id in its next offer.
 */
export function agreeExtensions(
  media: RemoteMedia,
  stack: Stack,
  capabilities: Capabilities,
  codec?: { mimeType: string },
): ExtensionAgreement {
  const carried = carriedIds(capabilities);
  const extensions: MediaBody['extensions'] = [];
  const wanted: HeaderExtension[] = [];
  for (const { id, uri, direction } of media.extensions) {
    if (!isHeaderExtension(uri) || !isUsed(uri, codec) || direction === 'recvonly' || direction === 'inactive')
      continue;
    const own = ownId(capabilities, media.kind, uri);
    if (own === undefined) continue;
    const harmless = !carried.has(id) && (stack === 'mozilla' || IDENTIFYING.includes(uri));
    if (id === own || harmless) {
      extensions.push(direction === 'sendonly' ? { uri, id, direction: 'recvonly' } : { uri, id });
    } else {
      wanted.push({ uri, id: own });
    }
  }
  const used = new Set(extensions.map(({ id }) => id));
  const added = stack === 'mozilla' ? [] : wanted.filter(({ id }) => !used.has(id));
  return { extensions, added };
}

/** Feedback that fits the extensions: one way of congestion control, or the other's reports would fight it. */
export function feedbackFor(feedback: readonly RtcpFeedback[], extensions: readonly HeaderExtension[]): RtcpFeedback[] {
  const has = (uri: HeaderExtensionUri): boolean => extensions.some(extension => extension.uri === uri);
  const transportCc = has(EXTENSION.transportCc);
  const remb = !transportCc && has(EXTENSION.absSendTime);
  return feedback.filter(({ type }) => (type !== 'transport-cc' || transportCc) && (type !== 'goog-remb' || remb));
}

/**
 * Capabilities to send to a client with; the dependency descriptor is for codecs that need it. Extensions that it has another id for are left out; where transport-cc is one of
 * them its feedback goes, too, and the receiver's estimate (REMB) drives.
 */
export function receiveCapabilities(
  capabilities: Capabilities,
  offer: RemoteDescription,
  sections: readonly Section[],
): Capabilities {
  const published = sections.flatMap(section => (section.kind === 'publishing' ? section.body.extensions : []));
  const offered = offer.sections.flatMap(({ content }) => (content.type === 'media' ? content.extensions : []));
  const fits = (uri: HeaderExtensionUri, id: number): boolean => {
    if (offer.stack !== 'mozilla') return published.every(theirs => (theirs.uri === uri) === (theirs.id === id));
    // Firefox checks ids over the whole of a description ("attempted to remap RTP extension id"), those of sections that
    // it adds later included: nothing but what it uses itself, and abs-send-time, which has this id in every Firefox.
    const theirs = offered.find(extension => extension.id === id);
    return theirs === undefined ? uri === EXTENSION.absSendTime : theirs.uri === uri;
  };
  const isSent = ({ uri, direction }: Capabilities['headerExtensions'][number]): boolean =>
    // The media engine passes it on under its own id, whatever it says of itself.
    uri === EXTENSION.dependencyDescriptor ||
    (CARRIED_EXTENSIONS.includes(uri) && (direction === 'sendrecv' || direction === 'sendonly'));
  const headerExtensions = capabilities.headerExtensions.filter(
    extension => isSent(extension) && fits(extension.uri, extension.preferredId),
  );
  if (headerExtensions.some(({ uri }) => uri === EXTENSION.transportCc)) return { ...capabilities, headerExtensions };
  const codecs = capabilities.codecs.map(codec => ({
    ...codec,
    rtcpFeedback: codec.rtcpFeedback.filter(({ type }) => type !== 'transport-cc'),
  }));
  return { codecs, headerExtensions };
}

/** Capabilities without congestion control: receivers are asked for no reports on what their link carries. */
export function withoutFeedback({ codecs, headerExtensions }: Capabilities): Capabilities {
  const estimating: readonly HeaderExtensionUri[] = [EXTENSION.transportCc, EXTENSION.absSendTime];
  return {
    codecs: codecs.map(codec => ({
      ...codec,
      rtcpFeedback: codec.rtcpFeedback.filter(({ type }) => type !== 'transport-cc' && type !== 'goog-remb'),
    })),
    headerExtensions: headerExtensions.filter(({ uri }) => !estimating.includes(uri)),
  };
}
