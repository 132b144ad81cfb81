/** Which codecs two ends have in common, and what each can be sent with. */
import type { RemoteDescription } from './remote.ts';
import { type Capabilities, EXTENSION, isRtx, type MediaKind, type RtpCodec } from './rtp.ts';

export type Capability = Capabilities['codecs'][number];

/** `video/VP8` → `VP8`: how the configuration and the wire name a codec. */
export function codecName({ mimeType }: { mimeType: string }): string {
  return mimeType.slice(mimeType.indexOf('/') + 1);
}

/**
 * Whether layers of a codec are streams of their own (simulcast). Those of VP9 and AV1 come in one stream (SVC): the media engine
 * switches between them in no other way.
 */
export function hasSimulcast(codec: { mimeType: string }): boolean {
  return !['vp9', 'av1'].includes(codecName(codec).toLowerCase());
}

/** Parameters of a codec that make it another one (RFC 6184 section 8.2.2, RFC 9628 section 6, AV1 RTP section 7.2). */
function sameFlavour(offered: RtpCodec, capability: Capability): boolean {
  const differs = (name: string) => (offered.parameters[name] ?? 0) !== (capability.parameters[name] ?? 0);
  // Of an H.264 profile-level-id the level may differ, profile and constraints may not.
  const profile = (parameters: RtpCodec['parameters']) => String(parameters['profile-level-id'] ?? '').slice(0, 4);
  return (
    !differs('packetization-mode') &&
    !differs('profile-id') &&
    !differs('profile') &&
    profile(offered.parameters).toLowerCase() === profile(capability.parameters).toLowerCase()
  );
}

/** What of the focus an offered codec is. */
export function capabilityFor(offered: RtpCodec, capabilities: Capabilities): Capability | undefined {
  return capabilities.codecs.find(
    capability =>
      !isRtx(offered) &&
      capability.mimeType.toLowerCase() === offered.mimeType.toLowerCase() &&
      capability.clockRate === offered.clockRate &&
      capability.channels === offered.channels &&
      sameFlavour(offered, capability),
  );
}

/** Keyframes and layers of AV1 are told from the dependency descriptor alone, by the media engine and by whoever shows them. */
export function needsDependencies({ mimeType }: { mimeType: string }): boolean {
  return mimeType.toLowerCase() === 'video/av1';
}

/**
 * Names of the focus's codecs that a client can receive: those of any section that it offers. Of a kind for which it has no
 * section yet nothing is known, so all of them: its answer will tell. `capabilities`: what it can be sent with.
 */
export function receivableCodecs(offer: RemoteDescription, capabilities: Capabilities): string[] {
  const media = offer.sections.flatMap(({ content, rejected }) =>
    content.type === 'media' && !rejected ? [content] : [],
  );
  const told = new Set<MediaKind>(media.map(({ kind }) => kind));
  const offered = new Set(
    media.flatMap(({ codecs }) => codecs.map(codec => capabilityFor(codec, capabilities))).filter(known => known),
  );
  const describes = capabilities.headerExtensions.some(({ uri }) => uri === EXTENSION.dependencyDescriptor);
  return capabilities.codecs
    .filter(capability => !isRtx(capability) && (offered.has(capability) || !told.has(capability.kind)))
    .filter(capability => describes || !needsDependencies(capability))
    .map(codecName);
}

/** The capabilities without the codecs that are not named, and without their retransmission. */
export function withCodecs(capabilities: Capabilities, names: readonly string[]): Capabilities {
  const kept = capabilities.codecs.filter(codec => !isRtx(codec) && names.includes(codecName(codec)));
  const payloadTypes = new Set<unknown>(kept.map(({ preferredPayloadType }) => preferredPayloadType));
  return {
    ...capabilities,
    codecs: capabilities.codecs.filter(codec =>
      isRtx(codec) ? payloadTypes.has(codec.parameters['apt']) : kept.includes(codec),
    ),
  };
}
