/** Conferences on any number of foci, with trunks between them whose frames are carried by hand. */
import { parseControl } from '../../signalling/wire/control.ts';
import type { CallRef } from '../conference/messages.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { Permissions } from '../../signalling/wire/permissions.ts';
import { frameOf, letterOf } from '../runtime/door.ts';
import { type DeviceId, type FocusId, keyOfSession, type SessionId } from '../session.ts';
import { type BenchClient, ConferenceBench } from './conference-bench.ts';

/** One end of a trunk. */
interface End {
  /** How this focus knows the other one. */
  readonly session: SessionId;
  readonly call: CallRef;
  /** Frames to the other focus that were not carried yet. */
  readonly outbox: string[];
}

/** A focus, its conference, and its ends of trunks by the name of the other focus. */
export class MeshSite {
  readonly name: string;
  readonly focus: FocusId;
  readonly bench: ConferenceBench;
  readonly clients: BenchClient[] = [];
  readonly ends = new Map<string, End>();
  #seen = 0;

  constructor(name: string) {
    this.name = name;
    this.focus = { userId: `@focus:${name}.example`, deviceId: 'WEIR' };
    this.bench = new ConferenceBench(this.focus);
  }

  /** Puts what was said to other foci since into their outboxes. */
  collect(): void {
    const { effects } = this.bench;
    for (const effect of effects.slice(this.#seen)) {
      if (effect.kind !== 'tell') continue;
      const { call, news } = effect;
      const end = [...this.ends.values()].find(one => one.call.callId === call.callId);
      if (end === undefined) continue;
      end.outbox.push(frameOf(letterOf(this.focus, { ...end.session, callId: call.callId, confId: 'conf' }, news)));
    }
    this.#seen = effects.length;
  }

  hear(from: string, frame: string): void {
    const call = this.ends.get(from)?.call;
    if (call === undefined) return;
    const parsed = parseControl(frame);
    if (parsed.kind === 'ok') this.bench.take({ kind: 'said', call, message: parsed.value, replyBy: 'control' });
    else this.bench.take({ kind: 'garbled', call, error: parsed.error });
  }
}

export class Mesh {
  readonly sites = new Map<string, MeshSite>();
  /** Trunks that carry nothing now, as `one other`. */
  readonly #cut = new Set<string>();
  #trunks = 0;

  /** Clients of each focus; no trunks yet. */
  constructor(clients: Record<string, readonly BenchClient[]>, permissions: Permissions) {
    for (const [name, here] of Object.entries(clients)) {
      const site = new MeshSite(name);
      this.sites.set(name, site);
      site.bench.take({ kind: 'permissions-changed', permissions });
      for (const client of here) {
        site.clients.push(client);
        site.bench.join(client);
      }
    }
  }

  site(name: string): MeshSite {
    const site = this.sites.get(name);
    if (site === undefined) throw new Error(`there is no site ${name}`);
    return site;
  }

  /** The focus on which a client is. */
  of(client: BenchClient): MeshSite {
    const site = [...this.sites.values()].find(({ clients }) => clients.includes(client));
    if (site === undefined) throw new Error(`${client.session.userId} is nowhere`);
    return site;
  }

  /** Trunks between all. */
  openAll(): void {
    const names = [...this.sites.keys()];
    for (const [index, one] of names.entries()) for (const other of names.slice(index + 1)) this.open(one, other);
    this.settle();
  }

  /** A trunk opens, and begins. */
  open(one: string, other: string): void {
    this.#trunks += 1;
    this.#cut.delete(pair(one, other));
    this.#openEnd(this.site(one), this.site(other));
    this.#openEnd(this.site(other), this.site(one));
  }

  #openEnd(near: MeshSite, far: MeshSite): void {
    const session = { ...far.focus, sessionId: `epoch-${this.#trunks}` };
    const call = { key: keyOfSession(session), callId: `trunk-${this.#trunks}-${far.name}` };
    near.ends.set(far.name, { session, call, outbox: [] });
    const speaksFor: DeviceId[] = far.clients.map(client => client.session);
    near.bench.take({ kind: 'trunk-opened', session, callId: call.callId, speaksFor });
  }

  /** Nothing crosses any more, and nobody has noticed. */
  cut(one: string, other: string): void {
    this.#cut.add(pair(one, other));
  }

  /** Both ends notice that the trunk is cut, or that it is back with nothing lost. */
  link(one: string, other: string, state: 'broken' | 'resumed'): void {
    if (state === 'broken') this.cut(one, other);
    else this.#cut.delete(pair(one, other));
    for (const [near, far] of [
      [one, other],
      [other, one],
    ] as const) {
      const call = this.site(near).ends.get(far)?.call;
      if (call !== undefined) this.site(near).bench.take({ kind: 'trunk-linked', call, state });
    }
    this.settle();
  }

  /** The trunk is over, for both ends. */
  close(one: string, other: string): void {
    for (const [near, far] of [
      [one, other],
      [other, one],
    ] as const) {
      const site = this.site(near);
      const call = site.ends.get(far)?.call;
      site.ends.delete(far);
      const error = new WeirError('WEIR_TRUNK_CLOSED', 'as the test asked');
      if (call !== undefined) site.bench.take({ kind: 'trunk-closed', call, error });
    }
    this.settle();
  }

  /** Lets media engines finish, clients answer and frames cross, until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < 100; round++) {
      let carried = 0;
      for (const { bench, clients } of this.sites.values()) bench.agree(...clients);
      for (const site of this.sites.values()) site.collect();
      for (const site of this.sites.values()) carried += this.#carry(site);
      if (carried === 0) return;
    }
    throw new Error('the foci do not come to rest');
  }

  #carry(site: MeshSite): number {
    let carried = 0;
    for (const [name, { outbox }] of site.ends) {
      if (this.#cut.has(pair(site.name, name))) continue;
      for (const frame of outbox.splice(0)) {
        this.site(name).hear(site.name, frame);
        carried += 1;
      }
    }
    return carried;
  }

  /** Time passes everywhere; these keep their keys down. */
  pass(ms: number, ...pressing: BenchClient[]): void {
    for (let at = 500; at <= ms; at += 500) {
      for (const { bench } of this.sites.values()) bench.pass(500);
      if (at % 3_000 === 0) for (const client of pressing) this.of(client).bench.say(client, { kind: 'floor_request' });
      this.settle();
    }
  }
}

function pair(one: string, other: string): string {
  return [one, other].toSorted().join(' ');
}
