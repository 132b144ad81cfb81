/** Feedback of the focus about what a peer sends. */

const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const GENERIC_NACK = 1;
const PLI = 1;
const FIR = 4;
const HEADER_BYTES = 12;

export type Feedback =
  /** RFC 4585 PLI, RFC 5104 FIR. */
  | { kind: 'keyframe'; ssrc: number }
  /** RFC 4585, 6.2.1. */
  | { kind: 'nack'; ssrc: number; sequences: number[] };

/** What a compound packet asks for; what cannot be read asks for nothing. */
export function readFeedback(compound: Buffer): Feedback[] {
  const found: Feedback[] = [];
  for (let at = 0; at + HEADER_BYTES <= compound.length; ) {
    const end = at + (compound.readUInt16BE(at + 2) + 1) * 4;
    if (end > compound.length) break;
    const format = compound.readUInt8(at) & 0x1f;
    const type = compound.readUInt8(at + 1);
    const entries = compound.subarray(Math.min(at + HEADER_BYTES, end), end);
    if (type === PAYLOAD_FEEDBACK && format === PLI) {
      found.push({ kind: 'keyframe', ssrc: compound.readUInt32BE(at + 8) });
    } else if (type === PAYLOAD_FEEDBACK && format === FIR) {
      for (let entry = 0; entry + 8 <= entries.length; entry += 8) {
        found.push({ kind: 'keyframe', ssrc: entries.readUInt32BE(entry) });
      }
    } else if (type === TRANSPORT_FEEDBACK && format === GENERIC_NACK) {
      found.push({ kind: 'nack', ssrc: compound.readUInt32BE(at + 8), sequences: lostOnes(entries) });
    }
    at = end;
  }
  return found;
}

/** Of each entry: a packet id, and a bit for each of the 16 that follow it. */
function lostOnes(entries: Buffer): number[] {
  const sequences: number[] = [];
  for (let entry = 0; entry + 4 <= entries.length; entry += 4) {
    const first = entries.readUInt16BE(entry);
    const bits = entries.readUInt16BE(entry + 2);
    sequences.push(first);
    for (let bit = 0; bit < 16; bit += 1) if ((bits >> bit) & 1) sequences.push((first + bit + 1) & 0xffff);
  }
  return sequences;
}
