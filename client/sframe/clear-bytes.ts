/** What stays readable of an encrypted frame: those who forward or reassemble it need it, and it is authenticated. Pure. */

export const CODECS = ['opus', 'VP8', 'VP9'] as const;
/** Whose packets may hold any bytes. H264 and AV1 are not among them: packetisers read what they hold. */
export type EncryptableCodec = (typeof CODECS)[number];

/** Frame tag, start code and size of a key frame (RFC 6386, section 9.1), and the frame tag of any other. */
const VP8_KEY_FRAME = 10;
const VP8_OTHER_FRAME = 3;
/** Inverse: clear in a key frame. */
const VP8_IS_NO_KEY_FRAME = 0b1;

/** How many bytes at the start of a frame, the same whether it is encrypted or not; `undefined` where it has not so many: it is none. */
export function clearBytes(codec: EncryptableCodec, frame: Uint8Array): number | undefined {
  switch (codec) {
    case 'VP8': {
      const [tag] = frame;
      if (tag === undefined) return undefined;
      const bytes = (tag & VP8_IS_NO_KEY_FRAME) === 0 ? VP8_KEY_FRAME : VP8_OTHER_FRAME;
      return bytes <= frame.length ? bytes : undefined;
    }
    // Key frames and layers stand in the payload descriptor (RFC 9628, section 4.2), which is no part of a frame.
    case 'VP9':
    case 'opus':
      return 0;
  }
}
