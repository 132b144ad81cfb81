/** Two conferences, each on a focus of its own, with a trunk between them whose frames are carried by hand. */
import { parseControl } from '../../signalling/wire/control.ts';
import type { CallRef, Effect } from '../conference/messages.ts';
import type { RemoteFocus } from '../conference/state.ts';
import type { Served } from '../ports.ts';
import { letterOf, frameOf } from '../runtime/door.ts';
import {
  type DeviceId,
  keyOfSession,
  keyOfSubscription,
  type SessionId,
  type SubscriptionKey,
  type TrackRef,
} from '../session.ts';
import { type BenchClient, ConferenceBench, videoOf } from './conference-bench.ts';

/** One end of the trunk: a focus, its conference, and how it knows the other focus. */
export class Site {
  readonly bench = new ConferenceBench();
  readonly focus: DeviceId;
  /** How this site knows the other one. */
  readonly far: { session: SessionId; call: CallRef };
  /** Frames to the other site that were not carried yet. */
  readonly outbox: string[] = [];
  #seen = 0;

  constructor(name: string, far: string) {
    this.focus = focusOf(name);
    const session = { ...focusOf(far), sessionId: `epoch-${far}` };
    this.far = { session, call: { key: keyOfSession(session), callId: `trunk-${far}` } };
  }

  /** The other focus in this conference; `undefined` while there is no trunk. */
  get remote(): RemoteFocus | undefined {
    const participant = this.bench.conference.participants.get(this.far.call.key);
    return participant?.kind === 'focus' ? participant : undefined;
  }

  open(speaksFor: readonly DeviceId[]): void {
    this.bench.take({ kind: 'trunk-opened', session: this.far.session, callId: this.far.call.callId, speaksFor });
    this.bench.take({ kind: 'path', call: this.far.call, state: 'heard' });
  }

  /** A frame of the other focus. */
  hear(frame: string): Effect[] {
    const parsed = parseControl(frame);
    const { call } = this.far;
    return parsed.kind === 'ok'
      ? this.bench.take({ kind: 'said', call, message: parsed.value, replyBy: 'control' })
      : this.bench.take({ kind: 'garbled', call, error: parsed.error });
  }

  /** Puts what was said to the other focus since into the outbox. */
  collect(): void {
    const { effects } = this.bench;
    for (const effect of effects.slice(this.#seen)) {
      if (effect.kind !== 'tell' || effect.call.callId !== this.far.call.callId) continue;
      const address = { ...this.far.session, callId: effect.call.callId, confId: 'conf' };
      this.outbox.push(frameOf(letterOf(this.focus, address, effect.news)));
    }
    this.#seen = effects.length;
  }

  /** How a track of somebody here is sent to the other site; by layer, the lowest first, of a video. */
  sent(track: TrackRef): (Served | undefined)[] {
    const offered = this.remote?.offered ?? new Map<SubscriptionKey, Served>();
    const layers = [0, 1, 2].map(layer => offered.get(keyOfSubscription({ ...track, variant: `l${layer}` })));
    const whole = offered.get(keyOfSubscription(track));
    return whole === undefined ? layers : [whole];
  }

  /** Layers of a client's camera that cross now. */
  crossing(client: BenchClient): number[] {
    return this.sent(videoOf(client)).flatMap((served, layer) => (served?.paused === false ? [layer] : []));
  }
}

export class TwoSites {
  readonly east = new Site('east', 'west');
  readonly west = new Site('west', 'east');
  /** Frames wait while it is not. */
  isUp = true;

  /** Both ends are open; each believes the other of these members. */
  open(members: { east: readonly BenchClient[]; west: readonly BenchClient[] }): void {
    this.east.open(members.west.map(({ session }) => session));
    this.west.open(members.east.map(({ session }) => session));
    this.settle();
  }

  /** Lets both media engines finish, clients answer, and frames cross, until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < 100; round++) {
      for (const { bench } of [this.east, this.west]) bench.finishAll();
      this.east.collect();
      this.west.collect();
      if (!this.isUp || this.east.outbox.length + this.west.outbox.length === 0) return;
      for (const frame of this.east.outbox.splice(0)) this.west.hear(frame);
      for (const frame of this.west.outbox.splice(0)) this.east.hear(frame);
    }
    throw new Error('the two sites do not come to rest');
  }

  /** Time passes on both sides. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 500) {
      for (const { bench } of [this.east, this.west]) bench.pass(Math.min(left, 500));
      this.settle();
    }
  }

  /** The WebSocket is cut, or back with nothing lost. */
  link(state: 'broken' | 'resumed'): void {
    this.isUp = state === 'resumed';
    for (const { bench, far } of [this.east, this.west]) bench.take({ kind: 'trunk-linked', call: far.call, state });
    this.settle();
  }
}

function focusOf(name: string): DeviceId {
  return { userId: `@focus:${name}.example`, deviceId: `FOCUS${name.toUpperCase()}` };
}
