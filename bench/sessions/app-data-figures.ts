/** What became of the application data of one publisher, and the bounds of it. Pure. */
import { percentile } from '../../demo/check/statistics.ts';

/** Numbers of messages from 0 on; `from` and `to` bound those that were sent while somebody else went over the limits. */
export interface SentData {
  reliable: number;
  lossy: number;
  whileOverLimit: { from: number; to: number };
}

/** What one receiver got: the messages' numbers as they came, and ms that each took. */
export interface ReceivedData {
  reliable: number[];
  lossy: number[];
  latenciesMs: number[];
  /** Messages of who goes over the limits. */
  excess: { count: number; largestBytes: number };
}

/** What who goes over the limits was told, and what it sent. */
export interface OverLimit {
  /** Codes that answered a message that was too large, and messages that were too many. */
  codes: { size: string[]; rate: string[] };
  /** Whether the reliable channel with the message that was too large was closed. */
  isClosed: boolean;
  /** Messages sent at once on a lossy channel. */
  sent: number;
  /** bytes. */
  mostBytes: number;
}

export interface ApplicationData {
  receivers: number;
  /** That were sent, on both channels. */
  messages: number;
  /** Missing at any receiver, summed. */
  lostReliable: number;
  lostLossy: number;
  reorderedOrdered: number;
  /** Of all receivers and both channels. */
  p99Ms: number | null;
  overLimitRefused: boolean;
}

export const RECEIVERS = 50;
const LIMIT = 'WEIR_DATA_LIMIT';
const P99_UNDER_MS = 250;
/** Of the lossy messages: nothing is lost on loopback, but a burst may find a full buffer. */
const LOSSY_ARRIVES = 0.95;
/** Of those of a receiver, while the limits are gone over. */
const GOES_ON = 0.9;
/** Of too many messages. */
const EXCESS_PASSES = 0.5;

export function figuresOf(sent: SentData, received: readonly ReceivedData[], overLimit: OverLimit): ApplicationData {
  const sum = (of: (each: ReceivedData) => number): number => received.reduce((total, each) => total + of(each), 0);
  const p99 = percentile(
    received.flatMap(({ latenciesMs }) => latenciesMs),
    0.99,
  );
  return {
    receivers: received.filter(({ reliable, lossy }) => reliable.length > 0 && lossy.length > 0).length,
    messages: sent.reliable + sent.lossy,
    lostReliable: sum(({ reliable }) => missing(reliable, 0, sent.reliable)),
    lostLossy: sum(({ lossy }) => missing(lossy, 0, sent.lossy)),
    reorderedOrdered: sum(({ reliable }) => outOfOrder(reliable)),
    p99Ms: p99 === undefined ? null : Math.round(p99),
    overLimitRefused: isRefused(overLimit, received) && received.every(each => goesOn(sent, each)),
  };
}

/** Bounds that were missed, in words. */
export function judgeApplicationData(data: ApplicationData): string[] {
  const missed: string[] = [];
  const bound = (isKept: boolean, text: string): void => {
    if (!isKept) missed.push(`app_data.${text}`);
  };
  bound(data.receivers === RECEIVERS, `receivers is ${data.receivers} and has to be ${RECEIVERS}`);
  bound(data.messages > 0, 'messages is 0');
  bound(data.lostReliable === 0, `lost_reliable is ${data.lostReliable} and has to be 0`);
  bound(data.reorderedOrdered === 0, `reordered_ordered is ${data.reorderedOrdered} and has to be 0`);
  const lossyInAll = data.messages * data.receivers;
  bound(data.lostLossy <= lossyInAll * (1 - LOSSY_ARRIVES), `lost_lossy is ${data.lostLossy} without a lossy link`);
  if (data.p99Ms === null) missed.push('app_data.p99_ms was not measured');
  else bound(data.p99Ms < P99_UNDER_MS, `p99_ms is ${data.p99Ms} and has to be under ${P99_UNDER_MS}`);
  bound(data.overLimitRefused, 'over_limit_refused is false');
  return missed;
}

/** As it stands in the last line of stdout. */
export function writeApplicationData(data: ApplicationData): Record<string, number | boolean | null> {
  return {
    receivers: data.receivers,
    messages: data.messages,
    lost_reliable: data.lostReliable,
    lost_lossy: data.lostLossy,
    reordered_ordered: data.reorderedOrdered,
    p99_ms: data.p99Ms,
    over_limit_refused: data.overLimitRefused,
  };
}

function missing(numbers: readonly number[], from: number, to: number): number {
  return to - from - new Set(numbers.filter(number => number >= from && number < to)).size;
}

/** Messages that came after one that was sent later, or twice. */
function outOfOrder(numbers: readonly number[]): number {
  let latest = -1;
  let count = 0;
  for (const number of numbers) {
    if (number <= latest) count += 1;
    else latest = number;
  }
  return count;
}

function isRefused({ codes, isClosed, sent, mostBytes }: OverLimit, received: readonly ReceivedData[]): boolean {
  const isTold = [codes.size, codes.rate].every(each => each.length > 0 && each.every(code => code === LIMIT));
  // Who got nothing at all did not subscribe, or nothing was sent: then nothing was tried.
  const watchers = received.map(({ excess }) => excess).filter(({ count }) => count > 0);
  const isKept = watchers.every(({ count, largestBytes }) => count < sent * EXCESS_PASSES && largestBytes <= mostBytes);
  return isTold && isClosed && watchers.length > 0 && isKept;
}

/** Somebody else's stream, while the limits were gone over. */
function goesOn({ whileOverLimit: { from, to } }: SentData, { lossy }: ReceivedData): boolean {
  return to > from && missing(lossy, from, to) <= (to - from) * (1 - GOES_ON);
}
