/** Asks for lost packets of voices again. Pure. */

/**
 * A description of ours whose Opus may be asked for again (RFC 4585, generic NACK): browsers can do it, but offer it for video
 * only. Everything else stays as it was.
 *
 * @param offer the offer that it answers, if any: an answer takes up feedback where the same section offers it (section 4.2)
 */
export function withAudioRetransmission(sdp: string, offer?: string): string {
  const end = sdp.includes('\r\n') ? '\r\n' : '\n';
  const offered = offer === undefined ? undefined : partsOf(offer);
  return partsOf(sdp)
    .map((part, index) => (offered === undefined || hasNack(offered[index] ?? '') ? withNack(part, end) : part))
    .join('');
}

/** What stands before the sections, then each section. */
function partsOf(sdp: string): string[] {
  return sdp.split(/^(?=m=)/m);
}

function hasNack(section: string): boolean {
  return /^a=rtcp-fb:\S+ nack\r?$/m.test(section);
}

function withNack(section: string, end: string): string {
  if (!section.startsWith('m=audio ')) return section;
  const lines = section.split(end);
  return lines
    .flatMap(line => {
      const [, payload] = /^a=rtpmap:(\d+) opus\/48000/i.exec(line) ?? [];
      const nack = `a=rtcp-fb:${payload} nack`;
      return payload === undefined || lines.includes(nack) ? [line] : [line, nack];
    })
    .join(end);
}
