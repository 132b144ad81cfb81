/** The trunks of one conference: opened and closed as its links are, joined to their media, and told to its rules. */
import { type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import type { TrunkEnd } from '../../signalling/wire/trunk-description.ts';
import { parseTrunkMessage, writeTrunkMessage } from '../../signalling/wire/trunk-message.ts';
import type { CallRef, Input, TrunkDataEffect } from '../conference/messages.ts';
import type { Clock, Log, Meters, PeerEvents, Trunk, TrunkPeer, Trunks, TrunkState } from '../ports.ts';
import { type ConferenceId, type DeviceKey, type FocusId, keyOfDevice, keyOfSession } from '../session.ts';
import type { Link } from '../topology/links.ts';
import type { Peers } from './peers.ts';
import { DataLine } from './trunk-data/data-line.ts';
import { type MeteredTraffic, TrunkTrafficMeter } from './trunk-traffic.ts';

/** ms until a trunk begins anew that had to be ended. */
const RENEW_AFTER_MS = 2_000;

export interface ConferenceTrunksWorld {
  trunks: Trunks;
  peers: Peers;
  clock: Clock;
  log: Log;
  meters: Pick<Meters, 'dataMessages'>;
  post(input: Input): void;
  /** What the media engine and the other focus say of a call: bounded, as of a client. */
  eventsOf(call: CallRef): PeerEvents;
}

/** A trunk as the rules know it, from its opening to its end. */
interface Session {
  readonly call: CallRef;
  readonly events: PeerEvents;
  /** The other focus's end of the media, once it says it. */
  readonly farEnd: PromiseWithResolvers<TrunkEnd>;
  readonly data: DataLine;
  /** Once it is open. */
  media: TrunkPeer | undefined;
}

/** A link of this conference, as long as it is wanted. */
interface Linked {
  readonly peer: FocusId;
  speaksFor: Link['speaksFor'];
  trunk: Trunk | undefined;
  session: Session | undefined;
  renewal: { cancel(): void } | undefined;
}

export class ConferenceTrunks {
  readonly #id: ConferenceId;
  readonly #world: ConferenceTrunksWorld;
  readonly #links = new Map<DeviceKey, Linked>();
  readonly #meter: TrunkTrafficMeter;
  #sessions = 0;

  constructor(id: ConferenceId, world: ConferenceTrunksWorld) {
    this.#id = id;
    this.#world = world;
    this.#meter = new TrunkTrafficMeter(world.clock, world.log, () =>
      [...this.#links.values()].flatMap(({ peer, session }) =>
        session?.media === undefined ? [] : { peer, media: session.media },
      ),
    );
  }

  /** What crosses, as of some seconds ago. */
  get traffic(): readonly MeteredTraffic[] {
    return this.#meter.latest;
  }

  /** From now on these links are wanted, and no others. */
  follow(links: readonly Link[]): void {
    const wanted = new Map(links.map(link => [keyOfDevice(link.peer), link]));
    for (const [key, linked] of this.#links) if (!wanted.has(key)) this.#unlink(key, linked, 'WEIR_TRUNK_CLOSED');
    for (const [key, { peer, speaksFor }] of wanted) {
      const linked = this.#links.get(key);
      if (linked === undefined) this.#link(key, { peer, speaksFor });
      else if (!areSame(linked.speaksFor, speaksFor)) {
        linked.speaksFor = speaksFor;
        if (linked.session !== undefined)
          this.#world.post({ kind: 'speaks-for', call: linked.session.call, devices: speaksFor });
      }
    }
  }

  /** Whether a call is that of a trunk. */
  has(call: CallRef): boolean {
    return this.#linkedBy(call) !== undefined;
  }

  /** Opens the media of a trunk, and joins it to the other end's. Rejects with what the media engine rejects with, and WEIR_TRUNK_ADDRESS. */
  async openMedia(call: CallRef): Promise<void> {
    const linked = this.#linkedBy(call);
    const session = linked?.session;
    if (linked === undefined || session === undefined) return;
    const peer: TrunkPeer = await this.#world.peers.openTrunk(call, {
      ...session.events,
      carry: message => session.data.send(message),
      uncarry: channel => session.data.forget(channel),
    });
    // It began anew meanwhile: what is said now is for the next session.
    if (linked.session !== session) return;
    session.media = peer;
    this.#meter.start();
    linked.trunk?.say(writeTrunkMessage({ kind: 'trunk_media', end: peer.end }));
    const farEnd = await session.farEnd.promise;
    if (!this.#world.trunks.mayReach(farEnd.ip))
      throw new WeirError('WEIR_TRUNK_ADDRESS', 'the other focus names a private address for its media');
    await peer.connect(farEnd);
  }

  /** Says something to the other focus. What is not kept ends the trunk: it begins anew. */
  say(call: CallRef, text: string): void {
    const linked = this.#linkedBy(call);
    if (linked?.trunk === undefined || linked.trunk.say(text)) return;
    this.#overflowed(call);
  }

  /** Asks the media engine what the rules ask about data that comes by a trunk. */
  receiveData(effect: TrunkDataEffect): void {
    const data = this.#linkedBy(effect.call)?.session?.media?.data;
    switch (effect.kind) {
      case 'receive-data':
        return data?.receive(effect.channel);
      case 'end-received-data':
        return data?.endReceived(effect.channelId);
    }
  }

  #overflowed(call: CallRef): void {
    this.#world.post({
      kind: 'trunk-closed',
      call,
      error: new WeirError('WEIR_TRUNK_OVERFLOW', 'the other focus does not take what it is told'),
    });
  }

  /** The rules have ended a trunk: it begins anew after a while, if it is still wanted. */
  end(call: CallRef, code: ErrorCode): void {
    const linked = this.#linkedBy(call);
    // One that began anew by itself goes on.
    if (linked === undefined) return;
    forsake(linked, new WeirError('WEIR_TRUNK_CLOSED', 'the trunk has ended'));
    linked.trunk?.close(code);
    linked.trunk = undefined;
    linked.renewal ??= this.#world.clock.after(RENEW_AFTER_MS, () => {
      linked.renewal = undefined;
      this.#open(linked);
    });
  }

  close(code: ErrorCode): void {
    this.#meter.close();
    for (const [key, linked] of this.#links) this.#unlink(key, linked, code);
  }

  #link(key: DeviceKey, { peer, speaksFor }: Link): void {
    const linked: Linked = { peer, speaksFor, trunk: undefined, session: undefined, renewal: undefined };
    this.#links.set(key, linked);
    this.#open(linked);
  }

  #unlink(key: DeviceKey, linked: Linked, code: ErrorCode): void {
    this.#links.delete(key);
    linked.renewal?.cancel();
    linked.trunk?.close(code);
    this.#endSession(linked, new WeirError(code, 'the trunk is not wanted any more'));
  }

  #open(linked: Linked): void {
    const trunk: Trunk = this.#world.trunks.open(this.#id, linked.peer, {
      state: state => {
        if (linked.trunk === trunk) this.#changed(linked, state);
      },
      frame: text => {
        if (linked.trunk === trunk) this.#heard(linked, text);
      },
      acknowledged: () => {
        if (linked.trunk === trunk) linked.session?.data.flow();
      },
    });
    linked.trunk = trunk;
  }

  #changed(linked: Linked, state: TrunkState): void {
    const { session } = linked;
    switch (state.kind) {
      case 'open':
        if (session === undefined || !state.resumed) return this.#begin(linked, state.epoch);
        this.#tellLink(session, 'resumed');
        return session.data.flow();
      case 'broken':
        if (session !== undefined) this.#tellLink(session, 'broken');
        return;
      case 'ended':
        this.#endSession(linked, new WeirError(state.code, 'the other focus ended it'));
        return;
      case 'refused':
        this.#endSession(linked, new WeirError(state.code, state.message));
    }
  }

  #tellLink({ call }: Session, state: 'broken' | 'resumed'): void {
    this.#world.post({ kind: 'trunk-linked', call, state });
  }

  /** Neither end knows anything of the other: an earlier session is over, which the rules see by the new one. */
  #begin(linked: Linked, epoch: string): void {
    const { trunk } = linked;
    if (trunk === undefined) return;
    forsake(linked, new WeirError('WEIR_REPLACED', 'the trunk began anew'));
    const id = { ...linked.peer, sessionId: epoch };
    this.#sessions += 1;
    const call: CallRef = { key: keyOfSession(id), callId: `trunk ${this.#sessions}` };
    const farEnd = Promise.withResolvers<TrunkEnd>();
    // Nobody may wait for it yet, or any more.
    farEnd.promise.catch(() => undefined);
    const { clock, meters } = this.#world;
    const data = new DataLine({ trunk, clock, meters, overflowed: () => this.#overflowed(call) });
    linked.session = { call, events: this.#world.eventsOf(call), farEnd, data, media: undefined };
    this.#world.post({ kind: 'trunk-opened', session: id, callId: call.callId, speaksFor: linked.speaksFor });
  }

  #heard({ session }: Linked, text: string): void {
    if (session === undefined) return;
    const parsed = parseTrunkMessage(text);
    if (parsed.kind === 'ok' && parsed.value.kind === 'trunk_media') session.farEnd.resolve(parsed.value.end);
    else if (parsed.kind === 'ok' && parsed.value.kind === 'trunk_data')
      session.media?.data.take(parsed.value.messages);
    else session.events.control(text);
  }

  #endSession(linked: Linked, error: WeirError): void {
    const { session } = linked;
    if (session === undefined) return;
    forsake(linked, error);
    this.#world.post({ kind: 'trunk-closed', call: session.call, error });
  }

  #linkedBy(call: CallRef): Linked | undefined {
    for (const linked of this.#links.values()) if (linked.session?.call.callId === call.callId) return linked;
    return undefined;
  }
}

/** Its session is over: whoever waits for the other end's media is told. */
function forsake(linked: Linked, error: WeirError): void {
  linked.session?.farEnd.reject(error);
  linked.session?.data.close();
  linked.session = undefined;
}

function areSame(one: Link['speaksFor'], other: Link['speaksFor']): boolean {
  if (one.length !== other.length) return false;
  const keys = new Set(one.map(keyOfDevice));
  return other.every(device => keys.has(keyOfDevice(device)));
}
