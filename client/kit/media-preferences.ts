/** How a call sends pictures and which way its packets go, where that is not left to the browser. */

export interface MediaPreferences {
  /** The only codecs that pictures are offered in, the preferred first (`H264`, `VP8`…); empty: all that the browser has. */
  codecs: readonly string[];
  /** Media goes by the homeserver's relays (TURN) alone. */
  relayOnly: boolean;
}

export const NO_PREFERENCES: MediaPreferences = { codecs: [], relayOnly: false };

/** Pictures that can be encrypted: what packetisers do not look into. */
const ENCRYPTABLE_CODECS: readonly string[] = ['VP8', 'VP9'];

/** What of the preferences holds in an encrypted call: only codecs whose frames may hold any bytes. */
export function encryptablePreferences(preferences: MediaPreferences): MediaPreferences {
  const preferred = preferences.codecs.filter(codec => ENCRYPTABLE_CODECS.includes(codec.toUpperCase()));
  return { ...preferences, codecs: preferred.length === 0 ? ENCRYPTABLE_CODECS : preferred };
}

/** Layers of these come in one stream (SVC), since foci cannot forward several. */
const SVC_CODECS: readonly string[] = ['VP9', 'AV1'];

/** Whether pictures are offered first in a codec whose layers come in one stream. */
export function prefersSvc({ codecs: [first] }: MediaPreferences): boolean {
  return first !== undefined && SVC_CODECS.includes(first);
}

/** Those of the browser's codecs that are wanted, in the wanted order, with the retransmission that goes with each. */
export function preferredCodecs<Codec extends { mimeType: string }>(
  known: readonly Codec[],
  { codecs }: MediaPreferences,
): Codec[] {
  const named = (name: string): Codec[] =>
    known.filter(({ mimeType }) => mimeType.toLowerCase() === `video/${name.toLowerCase()}`);
  const wanted = codecs.flatMap(named);
  return wanted.length === 0 ? [] : [...wanted, ...named('rtx')];
}

/** Has a section offer what is preferred, where the browser has any of it. */
export function preferCodecs(transceiver: RTCRtpTransceiver, preferences: MediaPreferences): void {
  if (preferences.codecs.length === 0) return;
  const wanted = preferredCodecs(RTCRtpReceiver.getCapabilities('video')?.codecs ?? [], preferences);
  if (wanted.length > 0) transceiver.setCodecPreferences(wanted);
}
