/** What each change costs on the rules, by kind and size of the call. */
import { callOfSize, type CallKind, estimate, muted, pong, silentClient, speaks, subscription } from './calls.ts';
import { type Cost, sumOf } from './driver.ts';
import { heapUsed } from './joins.ts';

export interface RuleFigures {
  call: CallKind;
  participants: number;
  /** By change: the median of its repetitions. */
  changes: Record<string, { us: number; messages: number; to_others: number; bytes: number }>;
  /** kB of heap that one participant takes. */
  heap_kb_per_participant: number | null;
}

export function measureRules(kind: CallKind, size: number, repeats: number): RuleFigures {
  const before = heapUsed();
  const call = callOfSize(kind, size);
  const after = heapUsed();
  const { driver, members, publishers } = call;
  const [publisher] = publishers;
  const viewer = members.at(-1);
  if (publisher === undefined || viewer === undefined) throw new Error('nobody is in the call');
  const costs = new Map<string, Cost[]>();
  const note = (change: string, cost: Cost): void => {
    costs.set(change, [...(costs.get(change) ?? []), cost]);
  };
  for (let turn = 0; turn < repeats; turn += 1) {
    const newcomer = silentClient(`newcomer${turn}`);
    note('join', sumOf([driver.join([newcomer], newcomer), driver.play([subscription(call, newcomer)], newcomer)]));
    driver.tick();
    note('leave', driver.play([{ kind: 'hung-up', call: newcomer.call }], newcomer));
    const bandmate = publisherLike(publisher, turn);
    note('publisher_join', driver.join([bandmate], bandmate));
    driver.tick();
    note('publisher_leave', driver.play([{ kind: 'hung-up', call: bandmate.call }], bandmate));
    note('tick', driver.tick());
    note('mute', driver.play([muted(publisher, turn % 2 === 0)], publisher));
    const size = turn % 2 === 0 ? { width: 320, height: 180 } : { width: 640, height: 360 };
    note('subscription', driver.play([subscription(call, viewer, size)], viewer));
    const speaker = publishers[turn % publishers.length];
    if (speaker !== undefined) note('speaker', driver.play(speaks(speaker), speaker));
    note('pong', driver.play([pong(viewer)], viewer));
    note('estimate', driver.play([estimate(viewer, 4_000_000 + turn)], viewer));
    note('tick', driver.tick());
    // Nobody falls silent.
    if (turn % 5 === 0) driver.play(members.map(pong));
  }
  return {
    call: kind,
    participants: size,
    changes: Object.fromEntries([...costs].map(([change, list]) => [change, medianOf(list)])),
    heap_kb_per_participant:
      before === undefined || after === undefined ? null : Math.round(((after - before) / size / 1_024) * 10) / 10,
  };
}

function publisherLike({ tracks, metadata }: ReturnType<typeof silentClient>, turn: number) {
  const client = silentClient(`bandmate${turn}`);
  const rename = (id: string): string => `${id}-of-${turn}`;
  return {
    ...client,
    tracks: tracks.map(track => ({
      ...track,
      ref: { streamId: rename(track.ref.streamId), trackId: rename(track.ref.trackId) },
    })),
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([id, stream]) => [
        rename(id),
        {
          ...stream,
          tracks: Object.fromEntries(Object.entries(stream.tracks ?? {}).map(([key, track]) => [rename(key), track])),
        },
      ]),
    ),
  };
}

function medianOf(costs: readonly Cost[]): { us: number; messages: number; to_others: number; bytes: number } {
  const median = (of: (cost: Cost) => number): number => {
    const sorted = costs.map(of).toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  return {
    us: Math.round(median(({ ms }) => ms * 1_000)),
    messages: median(({ messages }) => messages),
    to_others: median(({ toOthers }) => toOthers),
    bytes: median(({ bytes }) => bytes),
  };
}
