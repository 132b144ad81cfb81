/** The codecs that the focus can forward, as the media engine is told of them. */
import type { types } from 'mediasoup';
import { codecName } from '../../signalling/sdp/codecs.ts';
import type { Capabilities } from '../../signalling/sdp/rtp.ts';

/**
 * Those that the engine knows and clients have. The payload types are what the focus sends under; browsers use most of them for the
 * same. The engine numbers retransmissions by itself: from 100 on, in the order of the codecs.
 */
const CODECS = {
  opus: {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    preferredPayloadType: 111,
    // Without the first, a viewer's loss never reaches the publisher's forward error correction. The second keeps those who
    // only listen from taking bandwidth.
    parameters: { useinbandfec: 1, usedtx: 1 },
  },
  VP8: { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000, preferredPayloadType: 96 },
  VP9: {
    kind: 'video',
    mimeType: 'video/VP9',
    clockRate: 90_000,
    preferredPayloadType: 98,
    parameters: { 'profile-id': 0 },
  },
  H264: {
    kind: 'video',
    mimeType: 'video/H264',
    clockRate: 90_000,
    preferredPayloadType: 108,
    // Constrained baseline: what every implementation has.
    parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 },
  },
  AV1: { kind: 'video', mimeType: 'video/AV1', clockRate: 90_000, preferredPayloadType: 45 },
} as const satisfies Record<string, types.RouterRtpCodecCapability>;

export type CodecName = keyof typeof CODECS;

export const DEFAULT_CODECS: readonly CodecName[] = ['opus', 'VP8', 'VP9', 'H264', 'AV1'];

/** In one order whatever is preferred: payload types of retransmissions depend on it. */
export function codecsNamed(names: readonly CodecName[]): types.RouterRtpCodecCapability[] {
  return DEFAULT_CODECS.filter(name => names.includes(name)).map(name => CODECS[name]);
}

/** The capabilities with what is named first before the others. */
export function inOrder(capabilities: Capabilities, names: readonly CodecName[]): Capabilities {
  const place = (codec: { mimeType: string }): number => names.findIndex(name => name === codecName(codec));
  return { ...capabilities, codecs: capabilities.codecs.toSorted((one, other) => place(one) - place(other)) };
}
