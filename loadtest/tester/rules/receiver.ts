/**
 * Whether a receiver is happy: (state, input, now) → state and verdict. Pure.
 *
 * What counts is what it subscribes to now. Excused are a track that its publisher has muted, one that the focus said it has
 * paused because it is drawn at no size (`hidden`) or because its publisher sends nothing (`no_layer`), and the time until a
 * track flows again after any of that. A track that the focus paused for the link's sake (`bandwidth`) has no gap, but where
 * that leaves a receiver without any video it counts as `no_layer`: nothing of the tester narrows its link. One that it paused
 * because it has too much to do itself (`overload`) counts as `no_layer` at once.
 */
import type { ReceivedTrack } from '../../peers/received-media.ts';
import type { Unhappiness } from '../result.ts';

/** From the invite to the first media, and from a subscription to its first frame, in ms. */
export const FIRST_MEDIA_WITHIN_MS = 5_000;
/** How long a loss or a gap counts, in ms. */
const WINDOW_MS = 10_000;
const MOST_AUDIO_LOST = 0.02;
const LONGEST_GAP_MS = 1_000;
/** Packets that a window must hold, at least, to be judged: half a second of one voice. */
const FEWEST_AUDIO_PACKETS = 25;

export type Excuse = 'muted' | 'hidden' | 'no_layer' | 'bandwidth' | 'overload';

/** A track that the receiver subscribes to now. */
export interface Wanted {
  key: string;
  kind: 'audio' | 'video';
  excuse: Excuse | undefined;
}

export interface ReceiverInput {
  /** Somebody publishes something for it: it has to receive. */
  expects: boolean;
  wanted: readonly Wanted[];
  /** By the tracks' keys: since the last look. */
  received: ReadonlyMap<string, ReceivedTrack>;
}

type Flow =
  /** Since when it is awaited. */
  { kind: 'awaited'; since: number } | { kind: 'flowing' } | { kind: 'excused' };

interface AudioLook {
  at: number;
  due: number;
  lost: number;
}

/** Looks without a packet from which on a path is dead: one may fall between two packets, or between two reports. */
const DEAD_LOOKS = 2;

export interface ReceiverState {
  invitedAt: number;
  /** `undefined`: nothing came so far. */
  firstMediaAt: number | undefined;
  videos: ReadonlyMap<string, Flow>;
  /** Latest gap of each video that is still wanted. */
  gaps: ReadonlyMap<string, number>;
  audio: readonly AudioLook[];
  /** Looks in a row without a packet of audio. */
  silentLooks: number;
}

export function newReceiver(invitedAt: number): ReceiverState {
  return { invitedAt, firstMediaAt: undefined, videos: new Map(), gaps: new Map(), audio: [], silentLooks: 0 };
}

export interface Judged {
  state: ReceiverState;
  /** The first that holds, in the order of UNHAPPINESS; `undefined` where it is happy. */
  unhappy: Unhappiness | undefined;
}

/** Looks at what came since the last look. Times in ms on one clock. */
export function judgeReceiver(state: ReceiverState, input: ReceiverInput, now: number): Judged {
  const received = [...input.received.values()].some(({ packets }) => packets > 0);
  const firstMediaAt = state.firstMediaAt ?? (received ? now : undefined);
  const { audio, silentLooks } = lookAtAudio(state, input, now);
  const { videos, gaps } = lookAtVideos(state, input, now);
  const next: ReceiverState = { invitedAt: state.invitedAt, firstMediaAt, videos, gaps, audio, silentLooks };
  return { state: next, unhappy: verdict(next, input, now) };
}

function verdict(state: ReceiverState, { expects, wanted }: ReceiverInput, now: number): Unhappiness | undefined {
  if (!expects) return undefined;
  if (state.firstMediaAt === undefined) {
    return now - state.invitedAt > FIRST_MEDIA_WITHIN_MS ? 'no_first_media' : undefined;
  }
  const due = state.audio.reduce((sum, look) => sum + look.due, 0);
  const lost = state.audio.reduce((sum, look) => sum + look.lost, 0);
  if (due >= FEWEST_AUDIO_PACKETS && lost > due * MOST_AUDIO_LOST) return 'audio_loss';
  if (state.gaps.size > 0) return 'video_gap';
  const videos = wanted.filter(({ kind }) => kind === 'video');
  if (videos.some(({ excuse }) => excuse === 'overload')) return 'no_layer';
  const sendable = videos.filter(({ excuse }) => excuse === undefined || excuse === 'bandwidth');
  if (sendable.length > 0 && sendable.every(({ excuse }) => excuse === 'bandwidth')) return 'no_layer';
  const waitsTooLong = [...state.videos.values()].some(
    flow => flow.kind === 'awaited' && now - flow.since > FIRST_MEDIA_WITHIN_MS,
  );
  return waitsTooLong ? 'no_layer' : undefined;
}

function lookAtAudio(
  state: ReceiverState,
  { wanted, received }: ReceiverInput,
  now: number,
): Pick<ReceiverState, 'audio' | 'silentLooks'> {
  const audio = state.audio.filter(({ at }) => now - at < WINDOW_MS);
  const audible = wanted.filter(({ kind, excuse }) => kind === 'audio' && excuse === undefined);
  let packets = 0;
  let lost = 0;
  for (const { key, kind } of wanted) {
    if (kind !== 'audio') continue;
    const track = received.get(key);
    packets += track?.packets ?? 0;
    lost += track?.lost ?? 0;
  }
  const silentLooks = packets > 0 || audible.length === 0 ? 0 : state.silentLooks + 1;
  if (silentLooks >= DEAD_LOOKS && audio.length > 0) {
    // A dead path loses nothing that anybody could count: what came on average before is due, and lost.
    const usual = Math.round(audio.reduce((sum, look) => sum + look.due, 0) / audio.length);
    lost = Math.max(lost, silentLooks === DEAD_LOOKS ? DEAD_LOOKS * usual : usual);
  }
  if (packets + lost > 0) audio.push({ at: now, due: packets + lost, lost });
  return { audio, silentLooks };
}

function lookAtVideos(state: ReceiverState, input: ReceiverInput, now: number): Pick<ReceiverState, 'videos' | 'gaps'> {
  const videos = new Map<string, Flow>();
  const gaps = new Map<string, number>();
  for (const { key, kind, excuse } of input.wanted) {
    if (kind !== 'video') continue;
    const before = state.videos.get(key) ?? { kind: 'awaited', since: now };
    const track = input.received.get(key);
    const flow = flowAfter(before, excuse, track, now);
    videos.set(key, flow);
    const lastGapAt = state.gaps.get(key);
    // The gap of the look in which it begins to flow reaches back to before.
    const hasGap = before.kind === 'flowing' && flow.kind === 'flowing' && (track?.longestGapMs ?? 0) > LONGEST_GAP_MS;
    if (hasGap) gaps.set(key, now);
    else if (lastGapAt !== undefined && now - lastGapAt < WINDOW_MS) gaps.set(key, lastGapAt);
  }
  return { videos, gaps };
}

function flowAfter(before: Flow, excuse: Excuse | undefined, track: ReceivedTrack | undefined, now: number): Flow {
  if (excuse !== undefined) return { kind: 'excused' };
  switch (before.kind) {
    case 'excused':
      return { kind: 'awaited', since: now };
    case 'awaited':
      return (track?.frames ?? 0) > 0 ? { kind: 'flowing' } : before;
    case 'flowing':
      return before;
  }
}
