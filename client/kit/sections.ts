/** Just enough SDP reading (RFC 8866, RFC 8830) to tie sections to tracks. Pure. */

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** A media section, as far as ids go. */
export interface Section {
  mid: string;
  kind: string;
  direction: Direction;
  /** Ids of the track that its author sends in it. */
  msid: { streamId: string; trackId: string } | undefined;
}

const DIRECTIONS: readonly string[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

function isDirection(line: string): line is Direction {
  return DIRECTIONS.includes(line);
}

/** The sections of a description; those without a mid are passed over. */
export function sectionsOf(sdp: string): Section[] {
  const sections: Section[] = [];
  let current: Section | undefined;
  for (const line of sdp.split(/\r?\n/)) {
    const media = /^m=(\w+) /.exec(line);
    if (media) {
      current = { mid: '', kind: media[1] ?? '', direction: 'sendrecv', msid: undefined };
      sections.push(current);
      continue;
    }
    if (current === undefined || !line.startsWith('a=')) continue;
    const attribute = line.slice(2);
    if (isDirection(attribute)) current.direction = attribute;
    else if (attribute.startsWith('mid:')) current.mid = attribute.slice(4).trim();
    else if (attribute.startsWith('msid:') && current.msid === undefined) {
      const [streamId, trackId] = attribute.slice(5).trim().split(' ');
      // `-` says "no stream": such a track cannot be announced.
      if (streamId && trackId && streamId !== '-') current.msid = { streamId, trackId };
    }
  }
  return sections.filter(section => section.mid !== '');
}

/** mid → ids of the track that the author of the description sends there. */
export function sentTracks(sdp: string): Map<string, { streamId: string; trackId: string }> {
  const sent = new Map<string, { streamId: string; trackId: string }>();
  for (const { mid, direction, msid } of sectionsOf(sdp)) {
    if (msid !== undefined && (direction === 'sendrecv' || direction === 'sendonly')) sent.set(mid, msid);
  }
  return sent;
}
