/** How a sender paces what it sends: sizes of the packets that leave together. Pure. */

/** Sizes of RTP packets with their headers, in bytes. */
export type Burst = readonly number[];

/** Mean size of a packet, with its headers. */
export const PACKET_BYTES = { video: 1_100, audio: 100 } as const;

/** Frames differ in size, so their packets do: shares of the mean. */
const FRAMES = [0.94, 1.06, 0.98, 1.02, 1, 1.03, 0.97];

/**
 * A second's worth of frames in turn. A frame is cut into packets that differ by one byte, the smaller ones first, as browsers do
 * it (libwebrtc, RtpPacketizer::SplitAboutEqually).
 *
 * @param packets in each frame; several numbers come in turn
 */
export function videoBursts(packets: readonly number[]): Burst[] {
  const turns = FRAMES.length * packets.length;
  return Array.from({ length: turns }, (_, turn) => {
    const count = packets[turn % packets.length] ?? 1;
    const bytes = Math.round(PACKET_BYTES.video * count * (FRAMES[turn % FRAMES.length] ?? 1));
    // Never a whole number of equal packets: the last one is a byte longer.
    return splitAboutEqually(bytes % count === 0 ? bytes + 1 : bytes, count);
  });
}

/** Voices come one packet at a time, of about the same size. */
export function audioBursts(): Burst[] {
  return FRAMES.map(share => [Math.round(PACKET_BYTES.audio * share)]);
}

export function splitAboutEqually(bytes: number, count: number): number[] {
  const small = Math.floor(bytes / count);
  const larger = bytes - small * count;
  return Array.from({ length: count }, (_, index) => (index < count - larger ? small : small + 1));
}

export function packetsPerBurst(bursts: readonly Burst[]): number {
  return bursts.reduce((sum, burst) => sum + burst.length, 0) / bursts.length;
}
