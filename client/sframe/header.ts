/** SFrame headers (RFC 9605, section 4.3): which key a frame was encrypted with, and its number under that key. Pure. */
import type { Bytes } from './suites.ts';

export interface Header {
  /** 64 bits, unsigned, as is the counter. */
  readonly keyId: bigint;
  readonly counter: bigint;
}

export interface ReadHeader extends Header {
  /** As it came: what is authenticated. */
  readonly bytes: Bytes;
}

/** Numbers below stand in the first byte. */
const SHORT_BELOW = 8n;
const LONGEST_BYTES = 8;
/** Above each of the two fields of the first byte: its value is the length of a number that follows, less one. */
const FOLLOWS = 0b1000;

/** 1 to 17 bytes. Throws a RangeError for a number of more than 64 bits. */
export function writeHeader({ keyId, counter }: Header): Bytes {
  const [key, count] = [fieldOf(keyId), fieldOf(counter)];
  return Uint8Array.from([(key.bits << 4) | count.bits, ...key.follows, ...count.follows]);
}

/** The header that these bytes begin with; `undefined` where it ends too early. Never throws. */
export function readHeader(frame: Uint8Array): ReadHeader | undefined {
  const first = frame[0];
  if (first === undefined) return undefined;
  const key = readField(first >> 4, frame, 1);
  const counter = key && readField(first & 0xf, frame, key.end);
  if (counter === undefined || key === undefined) return undefined;
  return { keyId: key.value, counter: counter.value, bytes: Uint8Array.from(frame.subarray(0, counter.end)) };
}

function fieldOf(value: bigint): { bits: number; follows: number[] } {
  if (value < SHORT_BELOW) return { bits: Number(value), follows: [] };
  const follows = bigEndian(value);
  if (follows.length > LONGEST_BYTES) throw new RangeError(`${value} has more than 64 bits.`);
  return { bits: FOLLOWS | (follows.length - 1), follows };
}

function readField(bits: number, frame: Uint8Array, from: number): { value: bigint; end: number } | undefined {
  if ((bits & FOLLOWS) === 0) return { value: BigInt(bits), end: from };
  const end = from + (bits & (FOLLOWS - 1)) + 1;
  if (end > frame.length) return undefined;
  return { value: frame.subarray(from, end).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n), end };
}

/** In as few bytes as it takes. */
function bigEndian(value: bigint): number[] {
  const bytes: number[] = [];
  for (let left = value; left > 0n; left >>= 8n) bytes.unshift(Number(left & 0xffn));
  return bytes;
}
