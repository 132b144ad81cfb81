/** The file in which RTP is recorded: what is read is what was written, also where its end is missing. Pure. */

/** A track that somebody publishes, as the focus takes it in. */
export interface RecordedTrack {
  kind: 'audio' | 'video';
  /** `video/VP8`…, by payload type. */
  codecs: Record<string, string>;
}

/** A packet as it came to the focus, but for its ssrc, its sequence number and its header extensions, which are the recorder's. */
export interface RecordedPacket {
  /** ms since 1970. */
  at: number;
  /** Of the recording's tracks. */
  track: number;
  packet: Uint8Array;
}

export interface Recording {
  tracks: RecordedTrack[];
  packets: RecordedPacket[];
  /** Strings that came to the focus in to-device messages. */
  told: string[];
  /** When it was full, ms since 1970: nothing is recorded from then on. `undefined` where it never was. */
  fullAt: number | undefined;
  /** What went wrong while it was recorded. */
  failures: string[];
}

export type RecordedEvent =
  | { kind: 'track'; track: RecordedTrack }
  | { kind: 'packet'; packet: RecordedPacket }
  | { kind: 'told'; texts: string[] }
  | { kind: 'failure'; message: string }
  | { kind: 'full'; at: number };

/** Length of what follows, and what that is. */
const HEADER_BYTES = 5;
const PACKET = 1;
const JSON_EVENT = 2;
/** Time and number of the track, before the packet. */
const PACKET_HEADER_BYTES = 10;

export function writeEvent(event: RecordedEvent): Buffer {
  if (event.kind !== 'packet') return framed(JSON_EVENT, Buffer.from(JSON.stringify(event)));
  const { at, track, packet } = event.packet;
  const header = Buffer.alloc(PACKET_HEADER_BYTES);
  header.writeDoubleBE(at, 0);
  header.writeUInt16BE(track, 8);
  return framed(PACKET, header, packet);
}

/** Throws a SyntaxError where something was written into it by somebody else. */
export function readRecording(file: Buffer): Recording {
  const recording: Recording = { tracks: [], packets: [], told: [], fullAt: undefined, failures: [] };
  let at = 0;
  while (at + HEADER_BYTES <= file.length) {
    const start = at + HEADER_BYTES;
    const end = start + file.readUInt32BE(at);
    // It was cut while this was written.
    if (end > file.length) break;
    const body = file.subarray(start, end);
    if (file[at + 4] === PACKET) {
      recording.packets.push({
        at: body.readDoubleBE(0),
        track: body.readUInt16BE(8),
        packet: body.subarray(PACKET_HEADER_BYTES),
      });
    } else take(recording, JSON.parse(body.toString()) as Exclude<RecordedEvent, { kind: 'packet' }>);
    at = end;
  }
  return recording;
}

function take(recording: Recording, event: Exclude<RecordedEvent, { kind: 'packet' }>): void {
  switch (event.kind) {
    case 'track':
      recording.tracks.push(event.track);
      break;
    case 'told':
      recording.told.push(...event.texts);
      break;
    case 'failure':
      recording.failures.push(event.message);
      break;
    case 'full':
      recording.fullAt = event.at;
      break;
  }
}

function framed(kind: number, ...parts: Uint8Array[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(
    parts.reduce((sum, { length }) => sum + length, 0),
    0,
  );
  header[4] = kind;
  return Buffer.concat([header, ...parts]);
}
