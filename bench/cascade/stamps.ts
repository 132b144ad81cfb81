/** The time at which a native load peer sent a packet, at the end of its payload (loadtest/native-peer/engine/latency.hpp). Pure. */

const MARK = Buffer.from('weirtime');
const STAMP_BYTES = 16;
const NS_PER_MS = 1e6;

/** ms on the clock of `monotonicNow()`; undefined in a packet without one. */
export function sentAtOf(packet: Buffer): number | undefined {
  if (packet.length < STAMP_BYTES) return undefined;
  const stamp = packet.subarray(packet.length - STAMP_BYTES);
  return MARK.equals(stamp.subarray(0, MARK.length))
    ? Number(stamp.readBigUInt64BE(MARK.length)) / NS_PER_MS
    : undefined;
}

/** ms on the clock that all processes of the machine share. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS;
}
