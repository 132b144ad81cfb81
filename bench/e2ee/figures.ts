/** What each part of the bench found, and its bounds. Pure. */
import { median } from '../../demo/check/statistics.ts';
import type { Identical } from './witness.ts';
import { READERS, type Reader, type Replay } from './replay/replays.ts';

/** One call of four in an encrypted room. */
export interface CallFigures {
  participants: number;
  /** Ordered pairs, and those where one plays voice and picture of the other that it decrypted. */
  pairs: number;
  decoded: number;
  frames: Identical;
  replays: readonly Replay[];
  /** From the leave until the last of the others sends with a new key, ms; `undefined` where that did not come. */
  rekeyMs: number | undefined;
  /** Longest time without a picture meanwhile, of any of those who stay at any other, ms. */
  rekeyGapMs: number | undefined;
  /** Of all packets of frames that were decrypted: as they are, and as they would be with the frames in the clear. */
  bytes: { encrypted: number; clear: number };
  /** Frames that came to the focus as they were before they were encrypted. */
  inTheClear: number;
}

/** Pairs of two people at different foci. */
export interface TrunkFigures {
  pairs: number;
  decoded: number;
}

/** ns of the worker for a forwarded packet, of one encrypted call and one that is not, one after the other. */
export interface CostRound {
  encrypted: number;
  clear: number;
}

export const PARTICIPANTS = 4;
const PAIRS = PARTICIPANTS * (PARTICIPANTS - 1);
const CONTROL_DECODED_PCT = 90;
/** Exclusive. */
const UNDER = { rekey_ms: 5_000, rekey_gap_ms: 500, cpu_ratio: 1.1, bytes_ratio: 1.1 };

export interface WrittenReplay {
  who: Reader;
  frames: number;
  decoded: number;
  control_decoded_pct: number;
}

export function writeCall({ participants, pairs, decoded, frames, replays, rekeyMs, rekeyGapMs, bytes }: CallFigures) {
  return {
    participants,
    pairs,
    decoded,
    frames_identical_pct: percent(frames.identical, frames.received),
    replayed: replays.map(
      (each): WrittenReplay => ({
        who: each.who,
        frames: each.frames,
        decoded: each.decoded,
        control_decoded_pct: percent(each.controlDecoded, each.frames) ?? 0,
      }),
    ),
    rekey_ms: rekeyMs === undefined ? null : Math.round(rekeyMs),
    rekey_gap_ms: rekeyGapMs === undefined ? null : Math.round(rekeyGapMs),
    bytes_ratio: bytes.clear > 0 ? thousandth(bytes.encrypted / bytes.clear) : null,
  };
}

export function judgeCall(figures: CallFigures): string[] {
  const written = writeCall(figures);
  const { frames, inTheClear } = figures;
  return [
    ...exactly('participants', written.participants, PARTICIPANTS),
    ...exactly('pairs', written.pairs, PAIRS),
    ...exactly('decoded', written.decoded, PAIRS),
    ...exactly('frames_identical_pct', written.frames_identical_pct, 100),
    ...frames.different,
    ...READERS.flatMap(who => judgeReplay(who, written.replayed)),
    ...under('rekey_ms', written.rekey_ms),
    ...under('rekey_gap_ms', written.rekey_gap_ms),
    ...under('bytes_ratio', written.bytes_ratio),
    ...(inTheClear === 0 ? [] : [`${inTheClear} frames came to the focus in the clear`]),
  ];
}

function judgeReplay(who: Reader, replayed: readonly WrittenReplay[]): string[] {
  const one = replayed.find(each => each.who === who);
  if (one === undefined) return [`nothing was replayed to the ${who}`];
  const { frames, decoded, control_decoded_pct: control } = one;
  if (frames === 0) return [`there are no frames that the ${who} must not read`];
  return [
    ...(decoded === 0 ? [] : [`the ${who} reads ${decoded} of ${frames} frames`]),
    ...(control >= CONTROL_DECODED_PCT
      ? []
      : [
          `with the right keys ${control} % of the frames for the ${who} are read, and has to be ${CONTROL_DECODED_PCT}`,
        ]),
  ];
}

/** The middle of all rounds; `null` where there is none. */
export function writeCost(rounds: readonly CostRound[]): number | null {
  const ratios = rounds.map(({ encrypted, clear }) => encrypted / clear).filter(Number.isFinite);
  const middle = median(ratios);
  return middle === undefined ? null : thousandth(middle);
}

export function judgeCost(rounds: readonly CostRound[]): string[] {
  return under('cpu_ratio', writeCost(rounds));
}

export function judgeTrunk({ pairs, decoded }: TrunkFigures): string[] {
  if (pairs === 0) return ['across_trunk.pairs is 0'];
  return exactly('across_trunk.decoded', decoded, pairs);
}

function exactly(name: string, value: number | null, expected: number): string[] {
  if (value === null) return [`${name} was not measured`];
  return value === expected ? [] : [`${name} is ${value} and has to be ${expected}`];
}

function under(name: keyof typeof UNDER, value: number | null): string[] {
  if (value === null) return [`${name} was not measured`];
  return value < UNDER[name] ? [] : [`${name} is ${value} and has to be under ${UNDER[name]}`];
}

/** Rounded down: what is not all is not 100. */
function percent(part: number, of: number): number | null {
  return of > 0 ? Math.floor((part / of) * 10_000) / 100 : null;
}

function thousandth(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
