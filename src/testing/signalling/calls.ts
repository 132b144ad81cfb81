/** The calls that signalling is measured in. */
import type { Input } from '../../conference/messages.ts';
import type { WantedTrack } from '../../../signalling/wire/control.ts';
import { type BenchClient, benchClient } from '../conference-bench.ts';
import { Driver } from './driver.ts';

/** One publishes and all watch; ten speak and all hear them; all publish and see nine large and forty small. */
export const CALL_KINDS = ['webinar', 'audio_room', 'meeting'] as const;
export type CallKind = (typeof CALL_KINDS)[number];

const LARGE = { width: 1280, height: 720 };
const SMALL = { width: 160, height: 90 };
const SPEAKERS = 10;
const LARGE_TILES = 9;
const TILES = 49;

export interface SizedCall {
  driver: Driver;
  kind: CallKind;
  members: BenchClient[];
  publishers: BenchClient[];
}

/** A client that publishes nothing. */
export function silentClient(name: string): BenchClient {
  return { ...benchClient(name), metadata: {}, tracks: [] };
}

export function callOfSize(kind: CallKind, size: number): SizedCall {
  const publishing = { webinar: 1, audio_room: SPEAKERS, meeting: size }[kind];
  const members = Array.from({ length: size }, (_, index) =>
    index < publishing ? publisherOf(kind, `p${index}`) : silentClient(`v${index}`),
  );
  const call: SizedCall = { driver: new Driver(), kind, members, publishers: members.slice(0, publishing) };
  call.driver.join(members);
  call.driver.play(members.map(member => subscription(call, member)));
  for (let turn = 0; turn < 12; turn += 1) {
    call.driver.tick();
    call.driver.play(members.map(pong));
    call.driver.play(call.publishers.map(measured));
    call.driver.play(members.map(member => estimate(member, 5_000_000 + turn)));
  }
  return call;
}

function publisherOf(kind: CallKind, name: string): BenchClient {
  const client = benchClient(name);
  if (kind !== 'audio_room') return client;
  const tracks = client.tracks.filter(track => track.kind === 'audio');
  const [[streamId, stream] = ['', undefined]] = Object.entries(client.metadata);
  const audio = Object.fromEntries(Object.entries(stream?.tracks ?? {}).filter(([, track]) => track.kind === 'audio'));
  return { ...client, tracks, metadata: { [streamId]: { purpose: 'm.usermedia', tracks: audio } } };
}

/** What a member of such a call asks for. */
export function subscription(
  { kind, publishers, members }: SizedCall,
  viewer: BenchClient,
  large: { width: number; height: number } = LARGE,
): Input {
  const start = kind === 'meeting' ? Math.max(0, members.indexOf(viewer)) : 0;
  const others = Array.from({ length: Math.min(TILES + 1, publishers.length) }, (_, index) => {
    return publishers[(start + index) % publishers.length];
  }).filter(other => other !== undefined && other !== viewer);
  const subscribe = others.slice(0, TILES).flatMap((other, place) =>
    (other?.tracks ?? []).map(
      ({ ref, kind: of }): WantedTrack => ({
        ...ref,
        ...(of === 'audio' ? {} : place < LARGE_TILES ? large : SMALL),
      }),
    ),
  );
  return {
    kind: 'said',
    call: viewer.call,
    message: { kind: 'subscription', subscribe, unsubscribe: [] },
    replyBy: 'control',
  };
}

export function pong({ call }: BenchClient): Input {
  return { kind: 'said', call, message: { kind: 'pong' }, replyBy: 'control' };
}

export function estimate({ call }: BenchClient, available: number): Input {
  return { kind: 'estimated', call, available };
}

export function measured({ call, tracks }: BenchClient): Input {
  return {
    kind: 'measured',
    call,
    tracks: tracks.map(({ ref, kind, layers }) => ({
      ref,
      bitrates: kind === 'audio' ? [32_000] : [150_000, 500_000, 1_500_000].slice(0, layers.length),
    })),
  };
}

/** The publisher says that its microphone is on or off. */
export function muted({ call, metadata }: BenchClient, isMuted: boolean): Input {
  const said = Object.fromEntries(
    Object.entries(metadata).map(([id, stream]) => [id, { ...stream, audio_muted: isMuted }]),
  );
  return { kind: 'said', call, message: { kind: 'metadata_changed', metadata: said }, replyBy: 'control' };
}

export function speaks({ call, tracks }: BenchClient): Input[] {
  return tracks.flatMap(({ kind, ref }): Input[] => (kind === 'audio' ? [{ kind: 'dominant', call, track: ref }] : []));
}
