/** Random calls: whatever happens in whatever order, the invariants hold, and all is well once things calm down. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BenchClient, benchClient, ConferenceBench } from '../testing/conference-bench.ts';
import { keyOfTrack } from '../session.ts';
import type { Effect } from './messages.ts';
import { metadataFor } from './metadata.ts';

const NAMES = ['alice', 'bob', 'carol', 'dave'];

type Move =
  | { kind: 'invite'; who: number; session: number; earlyOffer: boolean }
  | { kind: 'media'; outcome: 'done' | 'failed' }
  | { kind: 'path'; who: number; state: 'heard' | 'silent' }
  | { kind: 'channel'; who: number }
  | { kind: 'subscribe' | 'unsubscribe'; who: number; to: number; width: number }
  | { kind: 'offer' | 'answer' | 'pong' | 'hangup' | 'garbage' | 'leave-room'; who: number }
  | { kind: 'mute'; who: number; steals: number }
  | { kind: 'stop-video' | 'start-video'; who: number }
  | { kind: 'late'; who: number; session: number }
  | { kind: 'wait'; ms: number };

const who = fc.nat(NAMES.length - 1);
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('invite' as const), who, session: fc.nat(2), earlyOffer: fc.boolean() }),
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
    }),
  },
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

class Play {
  readonly #downlinks = new Map<string, Downlink>();
  readonly bench = new ConferenceBench();
  readonly current = new Map<number, BenchClient>();
  readonly #closed = new Set<string>();
  #checked = 0;
  #calls = 0;

  play(one: Move): void {
    const { bench } = this;
    const client = 'who' in one ? this.current.get(one.who) : undefined;
    switch (one.kind) {
      case 'invite': {
        const fresh = benchClient(NAMES[one.who] ?? 'nobody', `s${one.session}`, `call-${this.#calls++}`);
        this.current.set(one.who, fresh);
        bench.invite(fresh, one.earlyOffer);
        break;
      }
      case 'media':
        bench.finish(undefined, one.outcome);
        break;
      case 'wait':
        bench.pass(one.ms);
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

  #byClient(one: Exclude<Move, { kind: 'invite' | 'media' | 'wait' | 'late' }>, client: BenchClient): void {
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
        }));
        bench.say(client, { kind: 'subscription', subscribe: [], unsubscribe: [], [one.kind]: tracks });
        return;
      }
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
    for (const effect of effects.slice(this.#checked)) this.#checkEffect(effect);
    this.#checked = effects.length;
    for (const [key, publication] of conference.tracks) {
      const publisher = conference.participants.get(publication.publisher);
      expect(publisher?.published.has(key), 'a track has a publisher that is here').toBe(true);
    }
    const devices = [...conference.participants.values()].map(({ session }) => `${session.userId} ${session.deviceId}`);
    expect(new Set(devices).size, 'a device has one session').toBe(devices.length);
    for (const participant of conference.participants.values()) {
      const makesOffers = this.bench.work.filter(
        work => work.kind === 'make-offer' && work.call.callId === participant.callId,
      );
      if (participant.negotiation.kind === 'stable')
        expect(makesOffers.length, 'stable means that nothing is under way').toBe(0);
      for (const stream of Object.values(participant.metadata)) expect(stream.user_id).toBe(participant.session.userId);
    }
  }

  #checkEffect(effect: Effect): void {
    const callId = effect.kind === 'open' ? effect.session.callId : effect.call.callId;
    expect(this.#closed.has(callId), `${effect.kind} for a call that was closed`).toBe(false);
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
    for (const index of NAMES.keys()) this.play({ kind: 'invite', who: index, session: 0, earlyOffer: true });
    this.calmDown();
    for (const viewer of NAMES.keys()) {
      for (const publisher of NAMES.keys()) {
        if (viewer !== publisher) this.play({ kind: 'subscribe', who: viewer, to: publisher, width: 640 });
      }
    }
    this.calmDown();
    this.checkCalm();
  }

  /** Everybody is heard and answers whatever is offered, until nothing more happens. */
  calmDown(): void {
    const { bench } = this;
    for (let round = 0; round < 50; round++) {
      const before = bench.effects.length;
      bench.finishAll();
      for (const client of this.current.values()) {
        const participant = bench.conference.participants.get(client.call.key);
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

  checkCalm(): void {
    const { conference } = this.bench;
    for (const client of this.current.values()) {
      const viewer = conference.participants.get(client.call.key);
      if (viewer?.callId !== client.call.callId) continue;
      expect(viewer.negotiation.kind).toBe('stable');
      expect(viewer.stage.kind).toBe('present');
      expect(this.bench.lastMetadata(client)).toEqual(metadataFor(conference, viewer));
      const flowing = [...viewer.offered].filter(([, track]) => !track.paused).map(([key]) => key);
      const due = [...viewer.wanted]
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
        const width = viewer.wanted.get(key)?.width;
        if (!paused && layer !== undefined && width !== undefined)
          expect(layer).toBe(width > 640 ? 2 : width > 320 ? 1 : 0);
      }
    }
  }
}

describe('random calls', () => {
  it('keep the invariants and come to rest whole', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(move, { minLength: 1, maxLength: 60 }), (whole, moves) => {
        const play = new Play();
        if (whole) play.everybodyJoins();
        for (const one of moves) play.play(one);
        play.calmDown();
        play.checkCalm();
      }),
      { seed: 20_261_123, numRuns: 1_000 },
    );
  });
});
