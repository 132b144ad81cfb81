/** Random calls: whatever happens in whatever order, the invariants hold, and all is well once things calm down. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BenchClient,
  benchClient,
  clientOf,
  clientsIn,
  ConferenceBench,
  encrypted,
  layersOfCamera,
} from '../testing/conference-bench.ts';
import { fromScratch, kept, missedIn } from '../testing/from-scratch.ts';
import {
  PUBLISHED_KINDS,
  type PublishedKind,
  OPEN_TO_ALL,
  type Permissions,
} from '../../signalling/wire/permissions.ts';
import { keyOfDevice, keyOfSubscription, keyOfTrack } from '../session.ts';
import { layersOf } from './layers.ts';
import type { Effect } from './messages.ts';
import { metadataFor } from './metadata.ts';
import { wantsOf } from './speakers.ts';
import type { Participant } from './state.ts';

const NAMES = ['alice', 'bob', 'carol', 'dave'];

type Move =
  | { kind: 'invite'; who: number; session: number; earlyOffer: boolean; takesChanges: boolean }
  | { kind: 'media'; outcome: 'done' | 'failed' }
  | { kind: 'path'; who: number; state: 'heard' | 'silent' }
  | { kind: 'channel'; who: number }
  | {
      kind: 'subscribe' | 'unsubscribe';
      who: number;
      to: number;
      width: number;
      variant: string | undefined;
      pinned: boolean;
    }
  | { kind: 'auto'; who: number; lastN: number }
  | { kind: 'tell' | 'speak'; who: number }
  | { kind: 'estimate'; who: number; available: number }
  | { kind: 'overload'; videoShare: number }
  | { kind: 'measure'; who: number; bitrates: number[] }
  | { kind: 'layers'; who: number; of: number; active: boolean[] }
  | { kind: 'shown'; who: number; to: number; layer: number | undefined }
  | { kind: 'offer' | 'answer' | 'pong' | 'hangup' | 'garbage' | 'leave-room'; who: number }
  | { kind: 'permissions'; barred: PublishedKind[]; floor: boolean }
  | { kind: 'encryption'; required: boolean }
  | { kind: 'encrypt' | 'decrypt'; who: number }
  | { kind: 'press' | 'let-go' | 'revoke'; who: number }
  | { kind: 'mute'; who: number; steals: number }
  | { kind: 'stop-video' | 'start-video'; who: number }
  | { kind: 'late'; who: number; session: number }
  | { kind: 'wait'; ms: number };

const who = fc.nat(NAMES.length - 1);
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('invite' as const),
      who,
      session: fc.nat(2),
      earlyOffer: fc.boolean(),
      takesChanges: fc.boolean(),
    }),
  },
  { weight: 12, arbitrary: fc.constant<Move>({ kind: 'media', outcome: 'done' }) },
  { weight: 1, arbitrary: fc.constant<Move>({ kind: 'media', outcome: 'failed' }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('path' as const),
      who,
      state: fc.constantFrom('heard' as const, 'silent' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('channel' as const), who }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('subscribe' as const, 'unsubscribe' as const),
      who,
      to: who,
      width: fc.constantFrom(0, 100, 300, 640, 1920),
      pinned: fc.boolean(),
      variant: fc.constantFrom(undefined, undefined, 'a', 'b'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('estimate' as const),
      who,
      available: fc.constantFrom(0, 40_000, 200_000, 700_000, 2_500_000, 10_000_000, 1e18, Number.NaN, -1, Infinity),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('measure' as const),
      who,
      bitrates: fc.array(fc.constantFrom(0, 1, 60_000, 150_000, 500_000, 1_500_000, 1e15, Number.NaN, -5), {
        maxLength: 4,
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('layers' as const),
      who,
      of: who,
      active: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('shown' as const),
      who,
      to: who,
      layer: fc.constantFrom(0, 1, 2, undefined),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('overload' as const), videoShare: fc.constantFrom(0, 0.1, 0.5, 1) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('auto' as const), who, lastN: fc.constantFrom(-1, 0, 1, 9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('tell' as const, 'speak' as const), who }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'offer' as const,
        'answer' as const,
        'answer' as const,
        'pong' as const,
        'hangup' as const,
        'garbage' as const,
        'leave-room' as const,
      ),
      who,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('permissions' as const),
      barred: fc.subarray([...PUBLISHED_KINDS]),
      floor: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('encryption' as const), required: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('encrypt' as const, 'decrypt' as const), who }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('press' as const, 'let-go' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('mute' as const), who, steals: who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('stop-video' as const, 'start-video' as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('late' as const), who, session: fc.nat(2) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(100, 1_000, 6_000, 40_000) }),
  },
);

/** What a client has agreed to and what the media engine sends it, told by the effects alone. */
class Downlink {
  #making = new Map<number, Map<string, { layer: number | undefined; paused: boolean }>>();
  #answered: number | undefined;
  agreed = new Set<string>();
  sent = new Map<string, { layer: number | undefined; paused: boolean }>();

  take(effect: Effect): void {
    switch (effect.kind) {
      case 'make-offer':
        this.sent = new Map(effect.tracks.map(({ key, layer, paused }) => [key, { layer, paused }]));
        this.#making.set(effect.revision, this.sent);
        return;
      case 'take-answer':
        this.#answered = effect.revision;
        this.agreed = new Set(this.#making.get(effect.revision)?.keys());
        return;
      case 'answer-offer':
        // Rolls back an offer that is not answered; what it would have added is not agreed.
        if (this.#answered === undefined) this.agreed = new Set();
        return;
      case 'adjust':
        this.sent.set(effect.track, { layer: effect.served.layer, paused: effect.served.paused });
        return;
      default:
        return;
    }
  }
}

function permissionsOf({ barred, floor }: Extract<Move, { kind: 'permissions' }>): Permissions {
  return {
    publish: Object.fromEntries(barred.map(kind => [kind, 50])),
    floor: floor ? { moderator: 50 } : undefined,
    // Dave is a moderator.
    power: { levels: { users: new Map([['@dave:example.org', 50]]), usersDefault: 0 }, creation: undefined },
  };
}

/** Checked so often that `expect` would take most of the time. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

class Play {
  readonly #downlinks = new Map<string, Downlink>();
  readonly bench = new ConferenceBench();
  readonly current = new Map<number, BenchClient>();
  readonly #closed = new Set<string>();
  /** Each look at everything takes longer than a move. */
  readonly looksAtAll: boolean;
  #checked = 0;
  #calls = 0;

  constructor(looksAtAll: boolean) {
    this.looksAtAll = looksAtAll;
  }

  play(one: Move): void {
    const { bench } = this;
    const client = 'who' in one ? this.current.get(one.who) : undefined;
    switch (one.kind) {
      case 'invite': {
        const fresh = benchClient(NAMES[one.who] ?? 'nobody', `s${one.session}`, `call-${this.#calls++}`);
        fresh.takesChanges = one.takesChanges;
        this.current.set(one.who, fresh);
        bench.invite(fresh, one.earlyOffer);
        break;
      }
      case 'media':
        bench.finish(undefined, one.outcome);
        break;
      case 'permissions':
        bench.take({ kind: 'permissions-changed', permissions: permissionsOf(one) });
        break;
      case 'encryption':
        bench.take({ kind: 'encryption-required', required: one.required });
        break;
      case 'overload':
        bench.take({ kind: 'pressed', videoShare: one.videoShare });
        break;
      case 'wait':
        bench.pass(one.ms);
        // Bitrates that moved are looked at once a second.
        if (one.ms >= 1_000) for (const each of this.current.values()) this.#checkBudget(each);
        break;
      case 'late': {
        const { call } = benchClient(NAMES[one.who] ?? 'nobody', `s${one.session}`, 'call-of-long-ago');
        const closed = bench.take({ kind: 'hung-up', call }).filter(effect => effect.kind === 'close');
        expect(closed, 'the late word of an earlier call ends nothing').toEqual([]);
        break;
      }
      default:
        if (client !== undefined) this.#byClient(one, client);
    }
    this.#check();
  }

  #byClient(
    one: Exclude<Move, { kind: 'invite' | 'media' | 'wait' | 'late' | 'permissions' | 'encryption' | 'overload' }>,
    client: BenchClient,
  ): void {
    const { bench } = this;
    switch (one.kind) {
      case 'path':
        bench.take({ kind: 'path', call: client.call, state: one.state });
        return;
      case 'channel':
        bench.take({ kind: 'control-open', call: client.call });
        return;
      case 'subscribe':
      case 'unsubscribe': {
        const tracks = (this.current.get(one.to)?.tracks ?? []).map(track => ({
          ...track.ref,
          width: one.width,
          height: (one.width * 9) / 16,
          pinned: one.pinned,
          ...(one.variant === undefined ? {} : { variant: one.variant }),
        }));
        bench.say(client, { kind: 'subscription', subscribe: [], unsubscribe: [], [one.kind]: tracks });
        return;
      }
      case 'auto': {
        const auto = one.lastN < 0 ? ('off' as const) : { lastN: one.lastN, width: 640, height: 360 };
        bench.want(client, { auto });
        return;
      }
      case 'tell':
        bench.want(client, { tell: ['allocation', 'speakers', 'audio_levels'] });
        return;
      case 'encrypt':
      case 'decrypt':
        client.metadata = encrypted(client.metadata, one.kind === 'encrypt' && 'sframe');
        bench.say(client, { kind: 'metadata_changed', metadata: client.metadata });
        return;
      case 'press':
        bench.say(client, { kind: 'floor_request' });
        return;
      case 'let-go':
        bench.say(client, { kind: 'floor_release' });
        return;
      case 'revoke':
        bench.say(client, { kind: 'floor_revoke' });
        return;
      case 'speak':
        bench.speak(client);
        return;
      case 'estimate':
        bench.estimate(client, one.available);
        if (one.available >= 0 && one.available < Infinity) this.#checkBudget(client);
        return;
      case 'measure': {
        const tracks = client.tracks.map(({ ref }) => ({ ref, bitrates: one.bitrates }));
        bench.take({ kind: 'measured', call: client.call, tracks });
        return;
      }
      case 'layers': {
        const publisher = this.current.get(one.of);
        const sends = publisher?.tracks.some(({ kind }) => kind === 'video');
        if (publisher === undefined || sends !== true) return;
        bench.say(client, { kind: 'layers_available', tracks: [layersOfCamera(publisher, one.active)] });
        return;
      }
      case 'shown':
        for (const { ref } of this.current.get(one.to)?.tracks ?? []) {
          const track = keyOfSubscription(ref);
          bench.take({ kind: 'shown', call: client.call, track, layer: one.layer });
        }
        return;
      case 'offer':
      case 'answer':
        bench.say(client, {
          kind: 'negotiate',
          description: { type: one.kind, sdp: 'sdp' },
          metadata: client.metadata,
        });
        return;
      case 'pong':
        bench.say(client, { kind: 'pong' });
        return;
      case 'hangup':
        bench.take({ kind: 'hung-up', call: client.call });
        return;
      case 'garbage':
        bench.say(client, { kind: 'error', code: 'X', message: 'x' });
        return;
      case 'leave-room':
        bench.take({ kind: 'user-left', userId: client.session.userId });
        return;
      case 'mute':
        bench.say(client, {
          kind: 'metadata_changed',
          metadata: { ...client.metadata, ...this.current.get(one.steals)?.metadata },
        });
        return;
      case 'stop-video':
        client.tracks = client.tracks.filter(track => track.kind === 'audio');
        bench.say(client, { kind: 'negotiate', description: { type: 'offer', sdp: 'sdp' }, metadata: undefined });
        return;
      case 'start-video':
        client.tracks = benchClient(
          client.session.userId.slice(1).split(':')[0] ?? '',
          client.session.sessionId,
        ).tracks;
        bench.say(client, { kind: 'negotiate', description: { type: 'offer', sdp: 'sdp' }, metadata: undefined });
    }
  }

  /** What must hold after every move. */
  #check(): void {
    const { conference, effects } = this.bench;
    if (this.looksAtAll) this.#checkNothingMissed();
    for (const effect of effects.slice(this.#checked)) this.#checkEffect(effect);
    this.#checked = effects.length;
    for (const [key, publication] of conference.tracks) {
      const publisher = conference.participants.get(publication.publisher);
      must(publisher?.published.has(key) === true, 'a track has a publisher that is here');
    }
    const devices = [...conference.participants.values()].map(({ session }) => `${session.userId} ${session.deviceId}`);
    must(new Set(devices).size === devices.length, 'a device has one session');
    const holders = clientsIn(conference).filter(
      ({ control, toldFloor }) => control.kind === 'open' && toldFloor.text?.includes('"you":"holder"') === true,
    );
    must(holders.length <= 1, 'one at most knows of itself that it holds the floor');
    for (const participant of clientsIn(conference)) {
      const makesOffers = this.bench.work.filter(
        work => work.kind === 'make-offer' && work.call.callId === participant.callId,
      );
      if (participant.negotiation.kind === 'stable')
        must(makesOffers.length === 0, 'stable means that nothing is under way');
      for (const stream of Object.values(participant.metadata))
        must(stream.user_id === participant.session.userId, 'streams are told of under the name of their publisher');
      this.#checkSent(participant);
      this.#checkHeard(participant);
    }
  }

  /** What is kept beside the participants is what can be made of them, and a look at everything finds nothing to do. */
  #checkNothingMissed(): void {
    const { conference, now } = this.bench;
    const [has, should] = [kept(conference), fromScratch(conference)];
    for (const list of Object.keys(should))
      must(JSON.stringify(has[list]) === JSON.stringify(should[list]), `${list} are kept as they are`);
    const missed = missedIn(conference, now);
    must(missed.length === 0, `nothing is missed: ${JSON.stringify(missed)}`);
  }

  /** What is granted of videos fits the estimate, with the voices. */
  #checkBudget(client: BenchClient): void {
    const { conference } = this.bench;
    const viewer = conference.participants.get(client.call.key);
    const available = viewer?.viewing.available;
    if (viewer?.callId !== client.call.callId || available === undefined) return;
    let video = 0;
    let audio = 0;
    for (const [key, wanted] of wantsOf(conference, viewer)) {
      const grant = viewer.viewing.allocation.grants.get(key);
      const publication = conference.tracks.get(keyOfTrack(wanted));
      const publisher = publication && conference.participants.get(publication.publisher);
      if (grant?.kind !== 'layer' || publication === undefined || publisher === undefined) continue;
      const bitrate = layersOf(publisher, publication)[grant.layer]?.bitrate ?? 0;
      if (publication.track.kind === 'video') video += bitrate;
      else audio += Math.min(bitrate, 510_000);
    }
    // What is shown already may take a little more.
    if (video > 0) must(video <= (available - audio) * 1.3, 'what is granted fits the estimate');
  }

  /** Nobody is sent what is not wanted, or what the allocation pauses; everybody is sent the rest. */
  #checkSent(viewer: Participant): void {
    const { conference } = this.bench;
    const { sent } = this.#downlinkOf(viewer.callId);
    const wants = wantsOf(conference, viewer);
    for (const [key, { source, generation }] of viewer.offered) {
      const publication = conference.tracks.get(keyOfTrack(source));
      if (publication?.generation !== generation) continue;
      const grant = viewer.viewing.allocation.grants.get(key);
      const isPaused =
        !wants.has(key) || grant === undefined || (grant.kind === 'paused' && grant.reason !== 'no_layer');
      must(sent.get(key)?.paused === isPaused, 'what is sent is what is wanted and granted');
      if (grant?.kind === 'layer' && !isPaused && publication.track.kind === 'video')
        must(sent.get(key)?.layer === grant.layer, 'what is sent is the layer that is granted');
    }
  }

  /** Nobody is sent what its publisher may not publish, nor, where encryption is required, what is in the clear, nor, where there is a floor, more than the voice of its holder. */
  #checkHeard(viewer: Participant): void {
    const { conference } = this.bench;
    const { sent } = this.#downlinkOf(viewer.callId);
    for (const [key, { source, publisher, generation }] of viewer.offered) {
      const publication = conference.tracks.get(keyOfTrack(source));
      const speaker = clientOf(conference, publisher);
      if (sent.get(key)?.paused !== false || publication?.generation !== generation || speaker === undefined) continue;
      const { kind } = publication.track;
      must(!speaker.barred.has(kind), 'what may not be published does not flow');
      if (conference.encryptionRequired) {
        const format = speaker.metadata[source.streamId]?.['org.weir.encryption'];
        must(format !== undefined, 'where encryption is required nothing flows in the clear');
      }
      if (kind === 'audio' && conference.floor !== undefined)
        must(conference.floor.holder?.by === keyOfDevice(speaker.session), 'who does not hold the floor is not heard');
    }
  }

  #checkEffect(effect: Effect): void {
    if (effect.kind === 'wake') return;
    const callId = effect.kind === 'open' ? effect.session.callId : effect.call.callId;
    must(!this.#closed.has(callId), `nothing comes for a call that was closed: ${effect.kind}`);
    if (effect.kind === 'close') this.#closed.add(callId);
    this.#downlinkOf(callId).take(effect);
  }

  #downlinkOf(callId: string): Downlink {
    const downlink = this.#downlinks.get(callId) ?? new Downlink();
    this.#downlinks.set(callId, downlink);
    return downlink;
  }

  /** Everybody is in the call and watches everybody. */
  everybodyJoins(): void {
    for (const who of NAMES.keys())
      this.play({ kind: 'invite', who, session: 0, earlyOffer: true, takesChanges: who % 2 === 0 });
    this.calmDown();
    for (const viewer of NAMES.keys()) {
      for (const publisher of NAMES.keys()) {
        if (viewer !== publisher)
          this.play({ kind: 'subscribe', who: viewer, to: publisher, width: 640, variant: undefined, pinned: false });
      }
    }
    this.calmDown();
    this.checkCalm();
  }

  /** Everybody is heard and answers whatever is offered, until nothing more happens. */
  calmDown(): void {
    const { bench } = this;
    bench.take(
      { kind: 'permissions-changed', permissions: OPEN_TO_ALL },
      { kind: 'encryption-required', required: false },
    );
    for (let round = 0; round < 50; round++) {
      const before = bench.effects.length;
      bench.finishAll();
      for (const client of this.current.values()) {
        const participant = clientOf(bench.conference, client.call.key);
        if (participant?.callId !== client.call.callId) continue;
        if (participant.path !== 'heard') bench.take({ kind: 'path', call: client.call, state: 'heard' });
        if (participant.control.kind === 'closed') bench.take({ kind: 'control-open', call: client.call });
        else bench.say(client, { kind: 'pong' });
        if (participant.negotiation.kind === 'offering') bench.answer(client);
        this.#check();
      }
      if (bench.effects.length === before) return;
    }
    throw new Error('the conference does not come to rest');
  }

  /** The focus has little to do, all links are wide, all layers come, and so much time passes that nothing is held back any more. */
  heal(): void {
    const { bench } = this;
    bench.take({ kind: 'pressed', videoShare: 1 });
    for (const client of this.current.values()) {
      bench.estimate(client, 1e9);
      if (!client.tracks.some(({ kind }) => kind === 'video')) continue;
      bench.say(client, { kind: 'layers_available', tracks: [layersOfCamera(client, [true, true, true])] });
      bench.measure(client, [0, 0, 0], 0);
      bench.measure(client, [150_000, 500_000, 1_500_000]);
    }
    for (let round = 0; round < 10; round += 1) {
      bench.pass(7_000);
      for (const client of this.current.values()) bench.say(client, { kind: 'pong' });
      this.#check();
    }
  }

  checkCalm(): void {
    const { conference } = this.bench;
    for (const client of this.current.values()) {
      const viewer = conference.participants.get(client.call.key);
      if (viewer?.callId !== client.call.callId) continue;
      expect(viewer.negotiation.kind).toBe('stable');
      expect(viewer.stage.kind).toBe('present');
      expect(this.bench.lastMetadata(client)).toEqual(metadataFor(conference, viewer));
      const flowing = [...viewer.offered].filter(([, track]) => !track.paused).map(([key]) => key);
      const wants = wantsOf(conference, viewer);
      const due = [...wants]
        .filter(([, wanted]) => {
          const kind = conference.tracks.get(keyOfTrack(wanted))?.track.kind;
          return kind === 'audio' || (kind === 'video' && wanted.width !== 0);
        })
        .map(([key]) => key);
      expect(new Set(flowing)).toEqual(new Set(due));
      const downlink = this.#downlinkOf(viewer.callId);
      const offered = new Map(
        [...viewer.offered].map(([key, { layer, paused }]) => [key as string, { layer, paused }]),
      );
      expect(downlink.agreed, 'the client agreed to every track it is sent, and to no other').toEqual(
        new Set(offered.keys()),
      );
      expect(downlink.sent, 'the media engine sends what the rules say').toEqual(offered);
      for (const [key, { layer, paused }] of viewer.offered) {
        const width = wants.get(key)?.width;
        if (!paused && layer !== undefined && width !== undefined)
          expect(layer).toBe(width > 640 ? 2 : width > 320 ? 1 : 0);
      }
    }
  }
}

describe('random calls', () => {
  it('keep the invariants and come to rest whole', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.nat(7), fc.array(move, { minLength: 1, maxLength: 60 }), (whole, draw, moves) => {
        const play = new Play(draw === 0);
        if (whole) play.everybodyJoins();
        for (const one of moves) play.play(one);
        play.calmDown();
        play.heal();
        // What had ended is taken out by now.
        play.calmDown();
        play.checkCalm();
      }),
      { seed: 20_261_123, numRuns: 800 },
    );
  }, 240_000);
});
