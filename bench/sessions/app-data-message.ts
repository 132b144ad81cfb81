/** A message that tells its number and when it was sent. */

const HEADER_BYTES = 12;
/** Number of what is sent until all listen, and does not count. */
export const PROBE = 0xffff_ffff;

/** ms of a clock that all processes of the machine share. */
export function machineNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** @param bytes of the whole message */
export function writeMessage(number: number, bytes: number): Buffer {
  const message = Buffer.alloc(bytes);
  message.writeUInt32BE(number, 0);
  message.writeDoubleBE(machineNow(), 4);
  return message;
}

/** Undefined for what is none. */
export function readMessage(message: Buffer): { number: number; tookMs: number } | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  return { number: message.readUInt32BE(0), tookMs: machineNow() - message.readDoubleBE(4) };
}
