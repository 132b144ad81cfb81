/** What stands before the bytes of a frame in each packet of it, and is never encrypted. Pure. */

/** Of one packet. */
export interface Descriptor {
  /** A frame begins, and ends, with this packet. */
  begins: boolean;
  ends: boolean;
  /** Frames that lie beside each other in one picture: of VP9, one for each size. */
  spatialLayer: number;
  /** Bytes of the descriptor. */
  length: number;
}

/** `undefined` for what ends too early. Never throws. */
export type ReadDescriptor = (payload: Uint8Array, marker: boolean) => Descriptor | undefined;

/** A voice has none: each packet is a frame (RFC 7587, section 4.2). */
export const readOpus: ReadDescriptor = payload =>
  payload.length === 0 ? undefined : { begins: true, ends: true, spatialLayer: 0, length: 0 };

/** RFC 7741, section 4.2. A frame is a picture, and ends with the marker. */
export const readVp8: ReadDescriptor = (payload, marker) => {
  const first = payload[0];
  if (first === undefined) return undefined;
  let length = 1;
  if ((first & 0x80) !== 0) {
    const extensions = payload[length];
    if (extensions === undefined) return undefined;
    length += 1;
    // Picture id, of one byte or two; TL0PICIDX; TID and KEYIDX share one.
    if ((extensions & 0x80) !== 0) length += ((payload[length] ?? 0) & 0x80) === 0 ? 1 : 2;
    if ((extensions & 0x40) !== 0) length += 1;
    if ((extensions & 0x30) !== 0) length += 1;
  }
  if (length >= payload.length) return undefined;
  const isStartOfPartition = (first & 0x10) !== 0;
  const partition = first & 0x07;
  return { begins: isStartOfPartition && partition === 0, ends: marker, spatialLayer: 0, length };
};

const VP9 = { pictureId: 0x80, predicted: 0x40, layers: 0x20, flexible: 0x10, begins: 0x08, ends: 0x04, structure: 2 };
/** What a frame of flexible mode may refer to (RFC 9628, section 4.2: P_DIFF). */
const MOST_REFERENCES = 3;
const STRUCTURE = { sizes: 0x10, groups: 0x08 };

/** RFC 9628, section 4.2. Each spatial layer of a picture is a frame, with a begin and an end of its own. */
export const readVp9: ReadDescriptor = payload => {
  const first = payload[0];
  if (first === undefined) return undefined;
  let length = 1;
  let spatialLayer = 0;
  if ((first & VP9.pictureId) !== 0) length += ((payload[length] ?? 0) & 0x80) === 0 ? 1 : 2;
  if ((first & VP9.layers) !== 0) {
    spatialLayer = ((payload[length] ?? 0) >> 1) & 0b111;
    // TL0PICIDX is there where references are not told.
    length += (first & VP9.flexible) === 0 ? 2 : 1;
  }
  if ((first & VP9.flexible) !== 0 && (first & VP9.predicted) !== 0) {
    for (let references = 1, more = true; more; references += 1) {
      if (references > MOST_REFERENCES) return undefined;
      more = ((payload[length] ?? 0) & 1) !== 0;
      length += 1;
    }
  }
  if ((first & VP9.structure) !== 0) length = endOfStructure(payload, length);
  if (length >= payload.length) return undefined;
  return { begins: (first & VP9.begins) !== 0, ends: (first & VP9.ends) !== 0, spatialLayer, length };
};

/** RFC 9628, section 4.2.1: sizes of the layers, and how the pictures of a group refer to each other. */
function endOfStructure(payload: Uint8Array, from: number): number {
  const first = payload[from] ?? 0;
  let at = from + 1;
  if ((first & STRUCTURE.sizes) !== 0) at += ((first >> 5) + 1) * 4;
  if ((first & STRUCTURE.groups) === 0) return at;
  const pictures = payload[at] ?? 0;
  at += 1;
  for (let picture = 0; picture < pictures && at < payload.length; picture += 1)
    at += 1 + (((payload[at] ?? 0) >> 2) & 0b11);
  return at;
}
