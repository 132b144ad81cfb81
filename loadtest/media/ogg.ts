const HEADERS = 2;
const PAGE_HEADER_BYTES = 27;
/** A segment of this size is followed by more of the same packet (RFC 3533, 6). */
const FULL_SEGMENT = 255;

/** Opus packets of an Ogg file with one stream, in order, without its two headers (RFC 7845). */
export function readOggOpus(file: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let parts: Buffer[] = [];
  for (let page = 0; page < file.length; ) {
    if (file.toString('latin1', page, page + 4) !== 'OggS') throw new Error(`no Ogg page at ${page}`);
    const segments = file.readUInt8(page + PAGE_HEADER_BYTES - 1);
    let at = page + PAGE_HEADER_BYTES + segments;
    for (let segment = 0; segment < segments; segment += 1) {
      const size = file.readUInt8(page + PAGE_HEADER_BYTES + segment);
      parts.push(file.subarray(at, at + size));
      at += size;
      if (size === FULL_SEGMENT) continue;
      packets.push(Buffer.concat(parts));
      parts = [];
    }
    page = at;
  }
  return packets.slice(HEADERS);
}
