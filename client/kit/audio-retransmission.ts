/** Asks for lost packets of voices again. Pure. */

/**
 * A description of ours whose Opus may be asked for again (RFC 4585, generic NACK): browsers can do it, but offer it for video
 * only. Everything else stays as it was.
 */
export function withAudioRetransmission(sdp: string): string {
  const end = sdp.includes('\r\n') ? '\r\n' : '\n';
  return sdp
    .split(/^(?=m=)/m)
    .map(section => (section.startsWith('m=audio ') ? withNack(section, end) : section))
    .join('');
}

function withNack(section: string, end: string): string {
  const lines = section.split(end);
  return lines
    .flatMap(line => {
      const [, payload] = /^a=rtpmap:(\d+) opus\/48000/i.exec(line) ?? [];
      const nack = `a=rtcp-fb:${payload} nack`;
      return payload === undefined || lines.includes(nack) ? [line] : [line, nack];
    })
    .join(end);
}
