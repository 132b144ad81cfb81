/** Whatever comes by a trunk, in whatever order: nothing throws, and those who are here are sent of each other what they were sent. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ControlMessage } from '../../../signalling/wire/control.ts';
import { WeirError } from '../../../signalling/wire/errors.ts';
import type { StreamMetadata } from '../../../signalling/wire/stream-metadata.ts';
import {
  type BenchClient,
  benchClient,
  callOfMany,
  clientsIn,
  type ConferenceBench,
} from '../../testing/conference-bench.ts';
import { fromScratch, kept, missedIn } from '../../testing/from-scratch.ts';
import { keyOfDevice, keyOfSession, keyOfSubscription, type TrackRef } from '../../session.ts';
import type { PublishedTrack } from '../../ports.ts';

const LOCALS = ['ann', 'abe'] as const;
const FULL = { width: 1280, height: 720 };
const locals = LOCALS.map(name => benchClient(name));
const far = ['wim', 'will'].map(name => benchClient(name));
const everybody = [...locals, ...far];

function deviceOfClient(index: number) {
  const { userId = '', deviceId = '' } = everybody[index]?.session ?? {};
  return { userId, deviceId };
}

/** Ids of whoever: one's own, others', and such as copies of theirs have. */
const streamId = fc.constantFrom(
  ...everybody.flatMap(({ tracks }) => tracks.slice(0, 1).flatMap(({ ref }) => [ref.streamId, `${ref.streamId}+a`])),
  'made-up',
);
const trackId = fc.constantFrom(...everybody.flatMap(({ tracks }) => tracks.map(({ ref }) => ref.trackId)), 'made-up');
const ref: fc.Arbitrary<TrackRef> = fc.oneof(
  fc.record({ streamId, trackId }),
  fc.constantFrom(...everybody.flatMap(({ tracks }) => tracks.map(one => one.ref))),
);
const owner = fc.constantFrom(...everybody.map(({ session }) => session), undefined);

const streams: fc.Arbitrary<StreamMetadata> = fc
  .array(fc.tuple(streamId, owner, fc.array(trackId, { maxLength: 2 }), fc.boolean(), fc.boolean()), { maxLength: 4 })
  .map(list =>
    Object.fromEntries(
      list.map(([id, session, tracks, muted, isEncrypted]) => [
        id,
        {
          purpose: 'm.usermedia',
          audio_muted: muted,
          ...(isEncrypted ? { 'org.weir.encryption': 'sframe' } : { 'org.weir.refused': 'X' }),
          ...(session === undefined ? {} : { user_id: session.userId, device_id: session.deviceId }),
          tracks: Object.fromEntries(
            tracks.map(track => [track, { kind: 'video' as const, width: 1280, height: 720 }]),
          ),
        },
      ]),
    ),
  );
const honest = fc.constant<StreamMetadata>(
  Object.fromEntries(
    far.flatMap(({ metadata, session }) =>
      Object.entries(metadata).map(([id, stream]) => [
        id,
        { ...stream, user_id: session.userId, device_id: session.deviceId },
      ]),
    ),
  ),
);
const published: fc.Arbitrary<PublishedTrack[]> = fc.array(
  fc.oneof(
    fc.constantFrom(...far.flatMap(({ tracks }) => tracks)),
    fc.record({
      ref,
      kind: fc.constantFrom('audio' as const, 'video' as const),
      codec: fc.constantFrom('opus', 'VP8', 'H264'),
      layers: fc.array(fc.constant({ rid: undefined }), { minLength: 1, maxLength: 4 }),
    }),
  ),
  { maxLength: 5 },
);
const layers = fc.array(
  fc.tuple(ref, fc.array(fc.record({ active: fc.boolean(), viewers: fc.nat(100) }), { maxLength: 4 })),
  { maxLength: 4 },
);

const dataChannels: fc.Arbitrary<ControlMessage> = fc
  .array(
    fc.record({
      session: fc.constantFrom(...everybody.map(({ session }) => session)),
      channelId: fc.nat(5),
      label: fc.constantFrom('a', 'b', 'ü'.repeat(100)),
      ordered: fc.boolean(),
      reliable: fc.boolean(),
    }),
    { maxLength: 5 },
  )
  .map(list => ({
    kind: 'data_channels' as const,
    channels: list.map(({ session: { userId, deviceId }, ...rest }) => ({ userId, deviceId, ...rest })),
  }));

const message: fc.Arbitrary<ControlMessage> = fc.oneof(
  { weight: 3, arbitrary: dataChannels },
  fc.record({
    kind: fc.constant('data_ended' as const),
    channelId: fc.nat(5),
    code: fc.constantFrom('WEIR_DATA_OVERFLOW', 'x'),
  }),
  fc.record({
    kind: fc.constant('data_subscription' as const),
    labels: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
  }),
  fc.oneof(honest, streams).map(metadata => ({ kind: 'metadata_changed' as const, metadata })),
  fc.record({
    kind: fc.constant('streams_changed' as const),
    changed: streams,
    gone: fc.array(streamId, { maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('negotiate' as const),
    description: fc.record({ type: fc.constantFrom('offer' as const, 'answer' as const), sdp: fc.constant('[]') }),
    metadata: fc.option(streams, { nil: undefined }),
  }),
  published.map(tracks => ({
    kind: 'negotiate' as const,
    description: { type: 'offer' as const, sdp: JSON.stringify(tracks) },
    metadata: undefined,
  })),
  fc.tuple(fc.constantFrom('layers_wanted' as const, 'layers_available' as const), layers).map(([kind, list]) => ({
    kind,
    tracks: list.map(([track, switches]) => ({ ...track, layers: switches })),
  })),
  fc.constantFrom<ControlMessage>(
    { kind: 'ping' },
    { kind: 'pong' },
    { kind: 'error', code: 'X', message: 'x' },
    { kind: 'floor_request' },
    { kind: 'floor_revoke' },
    { kind: 'floor_revoke', holder: deviceOfClient(0), by: deviceOfClient(2) },
    { kind: 'floor_across', links: [], wantedBy: [deviceOfClient(0), deviceOfClient(2)], decided: undefined },
    {
      kind: 'floor_across',
      links: [{ userId: '@focus:example.org', deviceId: 'WEIR' }],
      wantedBy: [],
      decided: { holder: deviceOfClient(0), queue: [deviceOfClient(2)] },
    },
    { kind: 'speakers', latest: [] },
    {
      kind: 'subscription',
      subscribe: [],
      unsubscribe: [],
      auto: { lastN: 2, width: 1, height: 1 },
      tell: ['allocation'],
    },
  ),
);

/** What those who are here may be told of on account of another focus. */
const FROM_AFAR: ReadonlySet<string> = new Set(['WEIR_UNKNOWN_TRACK', 'WEIR_DATA_OVERFLOW', 'WEIR_DATA_LIMIT']);

type Move =
  | { kind: 'frame'; message: ControlMessage }
  | { kind: 'open' | 'closed' | 'garbled' | 'worker-died'; speaksFor: boolean }
  | { kind: 'link'; state: 'broken' | 'resumed' }
  | { kind: 'speaks-for'; who: boolean[] }
  | { kind: 'media'; outcome: 'done' | 'failed' }
  | { kind: 'measured'; tracks: [TrackRef, number[]][] }
  | { kind: 'estimated'; available: number }
  | { kind: 'watch'; who: number; track: TrackRef; width: number }
  | { kind: 'data-open' }
  | { kind: 'data-closed' | 'data-dropped' | 'forward-ended'; channelId: number; fails: boolean }
  | { kind: 'encryption'; required: boolean }
  | { kind: 'wait'; ms: number };

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('frame' as const), message }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'open' as const,
        'open' as const,
        'closed' as const,
        'garbled' as const,
        'worker-died' as const,
      ),
      speaksFor: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('link' as const),
      state: fc.constantFrom('broken' as const, 'resumed' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('speaks-for' as const),
      who: fc.array(fc.boolean(), { minLength: everybody.length, maxLength: everybody.length }),
    }),
  },
  { weight: 3, arbitrary: fc.constant<Move>({ kind: 'data-open' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('data-closed' as const, 'data-dropped' as const, 'forward-ended' as const),
      channelId: fc.nat(5),
      fails: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.constant<Move>({ kind: 'media', outcome: 'done' }) },
  { weight: 1, arbitrary: fc.constant<Move>({ kind: 'media', outcome: 'failed' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('measured' as const),
      tracks: fc.array(fc.tuple(ref, fc.array(fc.constantFrom(0, 1e5, 1e9, Number.NaN, -1), { maxLength: 4 })), {
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('estimated' as const),
      available: fc.constantFrom(0, 100_000, 1e6, 1e9, Number.NaN, -1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('watch' as const),
      who: fc.nat(LOCALS.length - 1),
      track: fc.constantFrom(...far.flatMap(({ tracks }) => tracks.map(one => one.ref))),
      width: fc.constantFrom(0, 160, 1280),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('encryption' as const), required: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(100, 1_000, 20_000) }) },
);

/** Everybody who is here watches everybody, and has a data channel for the others. */
function localCall(): { bench: ConferenceBench; clients: BenchClient[] } {
  const { bench, clients } = callOfMany(...LOCALS);
  for (const viewer of clients) for (const other of clients) if (viewer !== other) bench.subscribe(viewer, other, FULL);
  for (const [index, client] of clients.entries()) {
    const channel = { channelId: index, label: 'a', protocol: '', ordered: true, reliable: true };
    bench.take({ kind: 'data-opened', call: client.call, channel });
    bench.say(client, { kind: 'data_subscription', labels: ['a', 'b'] });
  }
  bench.agree(...clients);
  return { bench, clients: [...clients] };
}

class Play {
  readonly #call = localCall();
  readonly #alone = localCall();
  #trunks = 0;

  play(one: Move): void {
    const { bench } = this.#call;
    const call = { key: keyOfSession(this.#session), callId: `trunk ${this.#trunks}` };
    switch (one.kind) {
      case 'open':
        this.#trunks += 1;
        bench.take({
          kind: 'trunk-opened',
          session: this.#session,
          callId: `trunk ${this.#trunks}`,
          speaksFor: (one.speaksFor ? everybody : far).map(({ session }) => session),
        });
        break;
      case 'closed':
        bench.take({ kind: 'trunk-closed', call, error: new WeirError('WEIR_TRUNK_CLOSED', 'as the test asked') });
        break;
      case 'worker-died':
        bench.take({ kind: 'peer-failed', call, error: new WeirError('WEIR_WORKER_DIED', 'as the test asked') });
        break;
      case 'garbled':
        bench.take({ kind: 'garbled', call, error: new WeirError('WEIR_BAD_MESSAGE', 'as the test asked') });
        break;
      case 'link':
        bench.take({ kind: 'trunk-linked', call, state: one.state });
        break;
      case 'speaks-for':
        bench.take({
          kind: 'speaks-for',
          call,
          devices: everybody.flatMap(({ session }, index) => (one.who[index] === true ? session : [])),
        });
        break;
      case 'frame':
        bench.take({ kind: 'said', call, message: one.message, replyBy: 'control' });
        break;
      case 'data-open':
        bench.take({ kind: 'path', call, state: 'heard' });
        break;
      case 'data-closed':
      case 'data-dropped':
      case 'forward-ended': {
        const error = new WeirError('WEIR_DATA_LIMIT', 'as the test asked');
        const { channelId } = one;
        const channel = { publisher: this.#call.clients[channelId]?.call.key ?? call.key, channelId };
        const why = one.fails ? error : undefined;
        if (one.kind === 'data-dropped') bench.take({ kind: 'data-dropped', call, error });
        else if (one.kind === 'data-closed') bench.take({ kind: 'data-closed', call, channelId, error: why });
        else bench.take({ kind: 'forward-ended', call, channel, error: why });
        break;
      }
      case 'media':
        bench.finish(call, one.outcome);
        break;
      case 'measured': {
        const tracks = one.tracks.map(([track, bitrates]) => ({ ref: track, bitrates }));
        bench.take({ kind: 'measured', call, tracks });
        break;
      }
      case 'estimated':
        bench.take({ kind: 'estimated', call, available: one.available });
        break;
      case 'watch': {
        const client = this.#call.clients[one.who];
        if (client !== undefined) {
          bench.want(client, { subscribe: [{ ...one.track, width: one.width, height: 90 }] });
          bench.agree(...this.#call.clients);
        }
        break;
      }
      case 'encryption':
        for (const { bench: each } of [this.#call, this.#alone])
          each.take({ kind: 'encryption-required', required: one.required });
        break;
      case 'wait':
        for (const { bench: each, clients } of [this.#call, this.#alone]) {
          each.pass(one.ms);
          for (const client of clients) each.say(client, { kind: 'pong' });
        }
    }
    this.#check();
  }

  get #session() {
    return { userId: '@focus:west.example', deviceId: 'WEST', sessionId: 'epoch' };
  }

  #check(): void {
    const { conference, now } = this.#call.bench;
    const [has, should] = [kept(conference), fromScratch(conference)];
    for (const list of Object.keys(should)) expect(has[list], list).toEqual(should[list]);
    expect(missedIn(conference, now), 'nothing is missed').toEqual([]);
    expect(this.#seenOf(this.#call)).toEqual(this.#seenOf(this.#alone));
    for (const focus of conference.roster.foci) {
      for (const { user_id: userId, device_id: deviceId } of Object.values(focus.metadata))
        expect(
          clientsIn(conference).some(({ session }) => session.userId === userId && session.deviceId === deviceId),
          'nobody who is here is spoken for',
        ).toBe(false);
      for (const { publisher } of [...focus.offered.values(), ...focus.data.forwards.values()])
        expect(conference.participants.get(publisher)?.kind, 'nothing goes back').not.toBe('focus');
      for (const { owner } of focus.data.channels.values())
        expect(focus.speaksFor.has(keyOfDevice(owner)), 'nobody sends data for others').toBe(true);
    }
  }

  /** What those who are here know of each other, and are sent of each other. */
  #seenOf({ bench, clients }: { bench: ConferenceBench; clients: BenchClient[] }): unknown {
    const own = new Set(locals.flatMap(({ tracks }) => tracks.map(one => one.ref.streamId)));
    return clients.map(client => ({
      knows: Object.entries(bench.lastMetadata(client) ?? {})
        .filter(([id]) => own.has(id))
        .toSorted(),
      isSent: clients.flatMap(other =>
        other.tracks.flatMap(({ ref: source }) => {
          const served = bench.conference.participants.get(client.call.key)?.offered.get(keyOfSubscription(source));
          return served === undefined ? [] : { source, layer: served.layer, paused: served.paused };
        }),
      ),
      hasData: [...(bench.conference.participants.get(client.call.key)?.data.forwards.values() ?? [])]
        .filter(({ publisher }) => clients.some(({ call }) => call.key === publisher))
        .map(({ channelId }) => channelId),
      publishes: bench.conference.participants.get(client.call.key)?.published.size,
      complaints: bench
        .newsFor(client, 'error')
        .filter(news => news.kind === 'error' && !FROM_AFAR.has(news.error.code)).length,
    }));
  }
}

describe('what comes by a trunk', () => {
  it('neither throws nor touches the call of those who are here', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(move, { minLength: 1, maxLength: 40 }), (speaksForAll, moves) => {
        const play = new Play();
        play.play({ kind: 'open', speaksFor: speaksForAll });
        for (const one of moves) play.play(one);
      }),
      { seed: 20_261_129, numRuns: 300 },
    );
  }, 240_000);
});
