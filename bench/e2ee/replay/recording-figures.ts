/** What the recording of a call shows, beside what the pages say of it. */
import type { Recording } from '../recording/format.ts';
import type { HeldKey } from '../page-encryption.ts';
import { decodeFrames, type Opened } from './decode.ts';
import { frameDigest } from './digest.ts';
import { ringKeysIn, ringKeysOf } from './keys.ts';
import { framesOfRecording } from './recorded-frames.ts';
import { type Attempt, replay, type Replay } from './replays.ts';

/** Who had which keys in a call, and when what happened in it. */
export interface CallSecrets {
  /** Of everybody, for what they sent. */
  senders: readonly HeldKey[];
  /** Everything that each of these ever had. */
  outsider: readonly HeldKey[];
  exMember: readonly HeldKey[];
  newcomer: readonly HeldKey[];
  /** ms since 1970: before the newcomer asked to join; when nobody used a key any more that the ex-member has. */
  newcomerJoinedAt: number;
  rekeyedAt: number;
  /** Of all frames that were sent, before they were encrypted: see `frameDigest`. */
  sentDigests: ReadonlySet<string>;
}

export interface RecordingFigures {
  frames: number;
  /** Of which packets are missing, and packets of which nothing is made. */
  incomplete: number;
  unreadable: number;
  replays: Replay[];
  /** See CallFigures. */
  bytes: { encrypted: number; clear: number };
  inTheClear: number;
}

export async function figuresOfRecording(recording: Recording, secrets: CallSecrets): Promise<RecordingFigures> {
  const { frames, incomplete, unreadable } = framesOfRecording(recording);
  const { opened } = await decodeFrames(frames, ringKeysOf(secrets.senders));
  const readable = new Set(opened.map(one => one.recorded));
  const attempts: Attempt[] = [
    { who: 'focus', frames, keys: ringKeysIn(recording.told) },
    { who: 'outsider', frames, keys: ringKeysOf(secrets.outsider) },
    {
      who: 'ex_member',
      frames: frames.filter(({ at }) => at >= secrets.rekeyedAt),
      keys: ringKeysOf(secrets.exMember),
    },
    {
      who: 'newcomer',
      frames: frames.filter(({ at }) => at < secrets.newcomerJoinedAt),
      keys: ringKeysOf(secrets.newcomer),
    },
  ];
  const replays: Replay[] = [];
  for (const attempt of attempts) replays.push(await replay(attempt, readable));
  const inTheClear = frames.filter(({ data }) => secrets.sentDigests.has(frameDigest(data))).length;
  return { frames: frames.length, incomplete, unreadable, replays, bytes: bytesOf(opened), inTheClear };
}

/** Whole packets, so with RTP's headers: what a frame is longer when it is encrypted is a small part of those. */
function bytesOf(opened: readonly Opened[]): RecordingFigures['bytes'] {
  const bytes = { encrypted: 0, clear: 0 };
  for (const { recorded, plain } of opened) {
    bytes.encrypted += recorded.packetBytes;
    bytes.clear += recorded.packetBytes - (recorded.data.length - plain.length);
  }
  return bytes;
}
