/** Compares the payloads that come out of a focus with those that went in. */
import { isRtp, PAYLOAD_TYPES } from '../../loadtest/peers/rtp.ts';

/** Of an RTP packet without contributing sources and extensions. */
export const HEADER_BYTES = 12;

/** In the place of a layer. */
export const VOICE = -1;

interface Sent {
  /** The lowest is 0; `VOICE`. */
  layer: number;
  packet: Buffer;
}

export class FrameLedger {
  readonly #sent = new Map<string, Sent>();
  readonly #came = new Map<number, number>();
  /** What is not as it was sent. */
  readonly wrong: string[] = [];

  /** @param layer the lowest is 0; `VOICE` */
  sent(packet: Buffer, layer: number): void {
    const { body } = partsOf(packet);
    this.#sent.set(body.toString('base64'), { layer, packet });
  }

  /** A packet that a viewer got. What is neither voice nor picture, such as padding that probes a link, is no frame. */
  came(packet: Buffer): void {
    if (!isRtp(packet) || !isMedia(packet)) return;
    const { header, body } = partsOf(packet);
    if (body.length === 0) return;
    const sent = this.#sent.get(body.toString('base64'));
    if (sent === undefined) {
      this.wrong.push(`${body.length} bytes that nobody sent: ${body.subarray(0, 16).toString('hex')}`);
      return;
    }
    const before = partsOf(sent.packet).header;
    if (JSON.stringify(before) !== JSON.stringify(header))
      this.wrong.push(`sent as ${JSON.stringify(before)}, came as ${JSON.stringify(header)}`);
    this.#came.set(sent.layer, this.count(sent.layer) + 1);
  }

  /** Packets that came of a layer, or of `VOICE`. */
  count(layer: number): number {
    return this.#came.get(layer) ?? 0;
  }
}

function isMedia(packet: Buffer): boolean {
  const payloadType = packet.readUInt8(1) & 0x7f;
  return payloadType === PAYLOAD_TYPES.opus || payloadType === PAYLOAD_TYPES.vp8;
}

/** What nobody on the way may change: of the headers what says where a frame begins and ends, and all of the rest. */
function partsOf(packet: Buffer): { header: object; body: Buffer } {
  const [first = 0, second = 0] = packet;
  let begin = HEADER_BYTES + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) begin += 4 + 4 * packet.readUInt16BE(begin + 2);
  const padding = (first & 0x20) === 0 ? 0 : (packet.at(-1) ?? 0);
  const payload = packet.subarray(begin, packet.length - padding);
  const marker = second >> 7;
  const payloadType = second & 0x7f;
  if (payloadType === PAYLOAD_TYPES.opus) return { header: { payloadType, marker }, body: payload };
  const { length, fixed } = vp8Descriptor(payload);
  return { header: { payloadType, marker, fixed }, body: payload.subarray(length) };
}

/**
 * The payload descriptor of VP8 (RFC 7741, section 4.2): how long it is, whether a frame begins behind it, and those of its
 * bytes that are not the picture's number, which a forwarder counts anew.
 */
export function vp8Descriptor(payload: Buffer): { length: number; beginsFrame: boolean; fixed: readonly number[] } {
  const [first = 0, extensions = 0, pictureId = 0] = payload;
  const beginsFrame = (first & 0x17) === 0x10;
  if ((first & 0x80) === 0) return { length: 1, beginsFrame, fixed: [first] };
  let length = 2;
  if ((extensions & 0x80) !== 0) length += (pictureId & 0x80) === 0 ? 1 : 2;
  if ((extensions & 0x40) !== 0) length += 1;
  const layer = (extensions & 0x30) === 0 ? [] : [payload[length] ?? 0];
  return { length: length + layer.length, beginsFrame, fixed: [first, extensions, ...layer] };
}
