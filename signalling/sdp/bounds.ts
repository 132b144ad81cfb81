/** What is read of a description; more is refused as WEIR_BAD_SDP. */

/** m= sections. */
export const MAX_SECTIONS = 512;
/** Characters of one line: keeps every pattern that is run on it cheap. */
export const MAX_LINE_LENGTH = 4_096;
/** Attributes of one name in one section: candidates, codecs, extensions, ssrcs. */
export const MAX_ATTRIBUTES = 256;
/** Simulcast layers. */
export const MAX_LAYERS = 8;
/** Characters of a mid: it has to fit a header extension. */
export const MAX_MID_LENGTH = 32;
