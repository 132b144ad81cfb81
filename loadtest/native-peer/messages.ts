/** What is said between this process and the engine: a JSON object a line. The other side of it is engine/commands.cpp and says.cpp. */

/** `peer` and `track` are numbers that this side gives. */
export type Command =
  | {
      do: 'open';
      peer: number;
      /** IPv4 address that its socket is bound to. */
      bind: string;
      ufrag: string;
      /** Of the data channel that it opens. */
      label: string;
      /** bit/s that it tells of its link by REMB; 0 for none. */
      remb: number;
    }
  | {
      do: 'remote';
      peer: number;
      ufrag: string;
      password: string;
      algorithm: string;
      fingerprint: string;
      address: string;
      port: number;
    }
  | {
      do: 'receive';
      peer: number;
      tracks: TrackOffer[];
      /** Id of the extension; 0 where the focus sends none. */
      transportCc: number;
    }
  | {
      do: 'send';
      peer: number;
      track: number;
      kind: 'audio' | 'video';
      /** A recorded camera or voice, or next to nothing. */
      media: 'recorded' | 'light';
      /** Of its layers, lowest first. */
      streams: { ssrc: number; rtx?: number }[];
      /** Ids of header extensions; 0 for those that were not agreed on. */
      absSendTime: number;
      transportCc: number;
      audioLevel: number;
      /** Packets carry the time at which they are sent. */
      stamped: boolean;
    }
  | { do: 'stop'; peer: number; track: number }
  /** Which layers of a track are sent, lowest first. */
  | { do: 'layers'; peer: number; track: number; active: boolean[] }
  | { do: 'mute'; peer: number; track: number; muted: boolean }
  | { do: 'text'; peer: number; text: string }
  | { do: 'report' }
  | { do: 'close'; peer: number };

/** A track as the focus offers it. */
export interface TrackOffer {
  track: number;
  kind: 'audio' | 'video';
  ssrc: number;
  /** Of its retransmissions (RFC 4588). */
  rtx?: number;
  /** The focus sends again what is asked for. */
  repairs: boolean;
}

/** Figures of a track since the last report. */
export interface TrackFigures {
  track: number;
  packets: number;
  bytes: number;
  lost: number;
  repaired: number;
  jitterMs: number;
  keyframes: number;
  frames: number;
  longestGapMs: number;
  /** px; 0 before the first keyframe. */
  width: number;
  height: number;
}

export interface PeerFigures {
  peer: number;
  connected: boolean;
  /** Packets that the system dropped because the engine read them too late. */
  dropped: number;
  sent: { packets: number; bytes: number; keyframesAsked: number; repaired: number };
  tracks: TrackFigures[];
}

/** Ages of stamped packets, of all peers together. */
export interface Latency {
  count: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

export type Said =
  | { say: 'ready'; fingerprint: string }
  | { say: 'connected' | 'channel-open' | 'channel-closed'; peer: number }
  | { say: 'lost'; peer: number; why: string }
  | { say: 'text'; peer: number; text: string }
  | { say: 'first-packet'; peer: number; track: number }
  | { say: 'refused'; why: string }
  | { say: 'report'; peers: PeerFigures[]; latency: Latency | undefined };

/** Throws an Error for what the engine never says. */
export function readSaid(line: string): Said {
  const said: unknown = JSON.parse(line);
  if (!isObject(said)) throw new Error('the engine said no object');
  const { say } = said;
  switch (say) {
    case 'ready':
      return { say, fingerprint: text(said, 'fingerprint') };
    case 'connected':
    case 'channel-open':
    case 'channel-closed':
      return { say, peer: number(said, 'peer') };
    case 'lost':
      return { say, peer: number(said, 'peer'), why: text(said, 'why') };
    case 'text':
      return { say, peer: number(said, 'peer'), text: text(said, 'text') };
    case 'first-packet':
      return { say, peer: number(said, 'peer'), track: number(said, 'track') };
    case 'refused':
      return { say, why: text(said, 'why') };
    case 'report':
      return { say, peers: list(said, 'peers').map(readPeer), latency: readLatency(said['latency']) };
    default:
      throw new Error(`the engine said ${String(say)}`);
  }
}

function readPeer(value: unknown): PeerFigures {
  if (!isObject(value)) throw new Error('no report of a peer');
  return {
    peer: number(value, 'peer'),
    connected: value['connected'] === true,
    dropped: number(value, 'dropped'),
    sent: readSent(list(value, 'sent')),
    tracks: list(value, 'tracks').map(readTrack),
  };
}

function readSent(value: unknown[]): PeerFigures['sent'] {
  if (!areNumbers(value)) throw new Error('no figures of what was sent');
  const [packets = 0, bytes = 0, keyframesAsked = 0, repaired = 0] = value;
  return { packets, bytes, keyframesAsked, repaired };
}

/** A list, not an object: there may be ten thousand of them a second. */
function readTrack(value: unknown): TrackFigures {
  if (!Array.isArray(value) || !areNumbers(value) || value.length !== 11) throw new Error('no report of a track');
  const [track = 0, packets = 0, bytes = 0, lost = 0, repaired = 0, jitterMs = 0, keyframes = 0, frames = 0] = value;
  const [longestGapMs = 0, width = 0, height = 0] = value.slice(8);
  return { track, packets, bytes, lost, repaired, jitterMs, keyframes, frames, longestGapMs, width, height };
}

function readLatency(value: unknown): Latency | undefined {
  if (!isObject(value)) return undefined;
  return {
    count: number(value, 'count'),
    p50Ms: number(value, 'p50Ms'),
    p99Ms: number(value, 'p99Ms'),
    maxMs: number(value, 'maxMs'),
  };
}

function areNumbers(values: unknown[]): values is number[] {
  return values.every(each => typeof each === 'number');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(object: Record<string, unknown>, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw new Error(`the engine said no ${name}`);
  return value;
}

function number(object: Record<string, unknown>, name: string): number {
  const value = object[name];
  if (typeof value !== 'number') throw new Error(`the engine said no ${name}`);
  return value;
}

function list(object: Record<string, unknown>, name: string): unknown[] {
  const value = object[name];
  if (!Array.isArray(value)) throw new Error(`the engine said no ${name}`);
  return value;
}
