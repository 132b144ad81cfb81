/** Runs one conference: its mailbox, its clock, and the effects that its rules ask for. */
import { WeirError, asWeirError } from '../../signalling/wire/errors.ts';
import type { FocusIdentity } from '../../signalling/wire/to-device.ts';
import type { CallRef, Effect, Input } from '../conference/messages.ts';
import { sessionsOf } from '../conference/roster.ts';
import { clientCount, type Conference, emptyConference, type Limits, type Timing } from '../conference/state.ts';
import type { RoomDirectory } from '../conference/admission.ts';
import { step } from '../conference/step.ts';
import type { Clock, Log, Media, Meters, Peer, PeerEvents, SignalLine, Signals, Store, Trunks } from '../ports.ts';
import { type ConferenceId, keyOfConference, type SessionId } from '../session.ts';
import { type Counts, countsOf } from './counts.ts';
import { linksOf } from '../topology/links.ts';
import { ConferenceTrunks } from './conference-trunks.ts';
import type { MeteredTraffic } from './trunk-traffic.ts';
import { frameOf, letterOf } from './door.ts';
import { Lines } from './lines.ts';
import { Mailbox } from './mailbox.ts';
import { runData } from './data.ts';
import { peerInputs } from './peer-inputs.ts';
import { Peers } from './peers.ts';

export interface RunnerWorld {
  media: Media;
  signals: Signals;
  store: Store;
  clock: Clock;
  log: Log;
  meters: Meters;
  focus: FocusIdentity;
  timing: Timing;
  limits: Limits;
  /** Links to other foci; `undefined`: there are none. */
  trunks?: Trunks | undefined;
  rooms: Pick<RoomDirectory, 'fociOf'>;
}

/** What the owner of a runner hears from it. */
export interface RunnerEvents {
  /** A call's session is over. */
  callEnded(call: CallRef): void;
  /** Nobody is left: the runner may be closed. */
  empty(): void;
}

/** Control messages of one client that may wait for the next turn; more, and the client is hung up. */
const MESSAGES_PER_CLIENT = 256;
const TICK_MS = 500;
/** ms. What room state says of foci expires, and nobody tells of that. */
const LINK_EVERY_MS = 30_000;

export class ConferenceRunner {
  readonly id: ConferenceId;
  readonly #world: RunnerWorld;
  readonly #events: RunnerEvents;
  readonly #conference: Conference;
  readonly #mailbox: Mailbox<Input>;
  readonly #peers: Peers;
  readonly #lines = new Lines();
  readonly #trunks: ConferenceTrunks | undefined;
  readonly #log: Log;
  readonly #running = new Set<Promise<void>>();
  #tick: { cancel(): void } | undefined;
  #wake: { cancel(): void } | undefined;
  #pressed = 1;
  #isPeopled = false;
  /** When it was looked last which foci serve the conference (ms since 1970). */
  #linkedAt = 0;
  /** What the links were made of, as they are now. */
  #linked: { foci: ReturnType<RoomDirectory['fociOf']>; isPeopled: boolean } | undefined;

  constructor(id: ConferenceId, world: RunnerWorld, events: RunnerEvents) {
    this.id = id;
    this.#world = world;
    this.#events = events;
    this.#conference = emptyConference(id, world.focus, world.timing, world.limits);
    this.#log = world.log.child({ conference: id.confId, room: id.roomId });
    this.#peers = new Peers(keyOfConference(id), world.media);
    this.#mailbox = new Mailbox({
      quota: MESSAGES_PER_CLIENT,
      clock: world.clock,
      drain: inputs => this.#take(inputs),
    });
    if (world.trunks !== undefined)
      this.#trunks = new ConferenceTrunks(id, {
        trunks: world.trunks,
        peers: this.#peers,
        clock: world.clock,
        log: this.#log,
        meters: world.meters,
        post: input => this.post(input),
        eventsOf: call => this.#eventsOf(call),
      });
  }

  /** Links to the foci that room state puts into the conference now. */
  relink(): void {
    const { clock, focus: self, rooms } = this.#world;
    if (this.#trunks === undefined) return;
    this.#linkedAt = clock.now();
    const foci = rooms.fociOf(this.id, this.#linkedAt);
    const isPeopled = this.#isPeopled;
    // Every change of a room leads here, and most are no news: not all members are gone through each time.
    if (this.#linked?.foci === foci && this.#linked.isPeopled === isPeopled) return;
    this.#linked = { foci, isPeopled };
    this.#trunks.follow(linksOf({ self, foci, isPeopled }));
  }

  post(input: Input): void {
    this.#mailbox.postAlways(input);
  }

  /** A message of a client: bounded, unlike `post`. */
  postFrom(call: CallRef, input: Input): void {
    if (this.#mailbox.post(input, call.callId)) return;
    this.#cutOff(call);
  }

  /** From now on the session's messages go over this WebSocket. One that carried them before is closed. */
  attach(call: CallRef, line: SignalLine): void {
    this.#lines.attach(call, line);
    this.post({ kind: 'line', call, state: 'opened' });
  }

  /** The same where a call message came over a WebSocket that does not carry the session yet. */
  attachOnce(call: CallRef, line: SignalLine): void {
    if (this.#lines.of(call) !== line) this.attach(call, line);
  }

  /** The WebSocket is gone; nothing happens where the session has another by now. */
  detach(call: CallRef, line: SignalLine): void {
    if (this.#lines.detach(call, line)) this.post({ kind: 'line', call, state: 'closed' });
  }

  /** How much of the video that viewers want the focus can send, 0 to 1. */
  press(videoShare: number): void {
    if (videoShare === this.#pressed) return;
    this.#pressed = videoShare;
    this.post({ kind: 'pressed', videoShare });
  }

  /** Inputs that wait. */
  get waiting(): number {
    return this.#mailbox.depth;
  }

  /** Clients, whatever their stage. */
  get size(): number {
    return clientCount(this.#conference);
  }

  hasDevice(userId: string, deviceId: string): boolean {
    return sessionsOf(this.#conference, userId).some(({ session }) => session.deviceId === deviceId);
  }

  counts(): Counts {
    return countsOf(this.#conference, this.#mailbox.depth);
  }

  /** What crosses its trunks. */
  get trunkTraffic(): readonly MeteredTraffic[] {
    return this.#trunks?.traffic ?? [];
  }

  /** Users with a session here. */
  userIds(): Set<string> {
    return new Set(this.#conference.roster.ofUser.keys());
  }

  /** Hangs everybody up, waits until they have been told (or that failed), and ends. */
  async dissolve(error: WeirError): Promise<void> {
    this.#take([{ kind: 'dissolved', error }]);
    await this.settled();
    this.close();
  }

  /** Resolves when the effects under way are done. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  close(): void {
    this.#trunks?.close('WEIR_TRUNK_CLOSED');
    this.#mailbox.close();
    this.#stopClock();
  }

  #stopClock(): void {
    this.#tick?.cancel();
    this.#wake?.cancel();
    this.#tick = undefined;
    this.#wake = undefined;
  }

  #take(inputs: Input[]): void {
    const { clock } = this.#world;
    const effects = step(this.#conference, inputs, clock.now());
    for (const effect of effects) this.#run(effect);
    const isPeopled = this.size > 0;
    if (isPeopled !== this.#isPeopled || clock.now() - this.#linkedAt >= LINK_EVERY_MS) {
      this.#isPeopled = isPeopled;
      this.relink();
    }
    if (this.#conference.participants.size === 0) {
      this.#stopClock();
      if (this.#mailbox.depth === 0) this.#events.empty();
      return;
    }
    this.#tick ??= clock.after(TICK_MS, () => {
      this.#tick = undefined;
      this.#take([{ kind: 'tick' }]);
    });
  }

  #run(effect: Effect): void {
    switch (effect.kind) {
      case 'open':
        return this.#open(effect);
      case 'answer-offer':
        this.#world.meters.negotiation('client-offer');
        return this.#negotiate(effect, async peer => ({
          kind: 'answered',
          ...only(effect),
          answer: await peer.answer(effect.sdp, effect.modes),
        }));
      case 'make-offer':
        this.#world.meters.negotiation('focus-offer');
        return this.#negotiate(effect, async peer => ({
          kind: 'offer-made',
          ...only(effect),
          sdp: (await peer.offer(effect.tracks)).sdp,
        }));
      case 'take-answer':
        return this.#negotiate(effect, async peer => {
          await peer.accept(effect.sdp);
          return { kind: 'answer-taken', ...only(effect) };
        });
      case 'adjust':
        this.#log.debug({ call: effect.call.callId, track: effect.track, ...effect.served }, 'viewer is served anew');
        return this.#spawn(effect.call, 'adjust', async () => {
          const peer = await this.#peers.of(effect.call);
          await peer.adjust(effect.track, effect.served);
        });
      case 'watch-link':
        this.#peers.opened(effect.call)?.watchLink(effect.closely);
        return;
      case 'expect-data':
      case 'accept-data':
      case 'refuse-data':
      case 'forward-data':
      case 'stop-data':
        return runData(this.#peers.opened(effect.call)?.data, effect, this.#world.meters);
      case 'receive-data':
      case 'end-received-data':
        return this.#trunks?.receiveData(effect);
      case 'tell':
        return this.#tell(effect);
      case 'open-trunk':
        return this.#openTrunk(effect.call);
      case 'close-trunk':
        this.#log.info({ call: effect.call.callId, session: effect.call.key, code: effect.code }, 'trunk ended');
        this.#peers.close(effect.call);
        return this.#trunks?.end(effect.call, effect.code);
      case 'close':
        this.#peers.close(effect.call);
        this.#lines.forget(effect.call);
        this.#world.meters.hangup(effect.code ?? 'client');
        this.#log.info(
          { call: effect.call.callId, session: effect.call.key, code: effect.code ?? 'client' },
          'session ended',
        );
        this.#events.callEnded(effect.call);
        return this.#spawn(effect.call, 'forget', () => this.#world.store.forgetSession(effect.call.key));
      case 'wake':
        this.#wake ??= this.#world.clock.after(effect.afterMs, () => {
          this.#wake = undefined;
          this.#take([{ kind: 'wake' }]);
        });
        return;
      case 'arrived':
        this.#world.meters.joined(effect.afterMs);
        this.#log.info(
          { call: effect.call.callId, session: effect.call.key, ms: effect.afterMs },
          'participant is present',
        );
        return;
      case 'note':
        this.#world.meters.error(effect.code);
        this.#log.warn({ call: effect.call.callId, session: effect.call.key, code: effect.code }, effect.message);
        return;
    }
  }

  #open(effect: Extract<Effect, { kind: 'open' }>): void {
    const { store } = this.#world;
    const call = { key: effect.key, callId: effect.session.callId };
    this.#log.info({ call: call.callId, session: call.key }, 'session opens');
    this.#world.meters.negotiation('client-offer');
    // The slot is taken before anything is awaited: later effects of the call find it.
    const opening = this.#peers.open(call, this.#eventsOf(call));
    this.#keep(async () => {
      try {
        // Durable before it is answered: a restarted focus must know whom to hang up.
        const [peer] = await Promise.all([opening, store.rememberSession(effect.session)]);
        const answer = await peer.answer(effect.sdp, effect.modes);
        this.post({ kind: 'answered', call, revision: effect.revision, answer });
      } catch (thrown) {
        this.post({
          kind: 'negotiation-failed',
          call,
          revision: effect.revision,
          error: asWeirError(thrown, 'WEIR_MEDIA_FAILED'),
        });
      }
    });
  }

  #openTrunk(call: CallRef): void {
    this.#log.info({ call: call.callId, session: call.key }, 'trunk opens');
    this.#keep(async () => {
      try {
        await this.#trunks?.openMedia(call);
      } catch (thrown) {
        this.post({ kind: 'peer-failed', call, error: asWeirError(thrown, 'WEIR_MEDIA_FAILED') });
      }
    });
  }

  #negotiate(effect: { call: CallRef; revision: number }, work: (peer: Peer) => Promise<Input>): void {
    this.#keep(async () => {
      try {
        this.post(await work(await this.#peers.of(effect.call)));
      } catch (thrown) {
        this.#world.meters.negotiation('failed');
        this.post({ kind: 'negotiation-failed', ...only(effect), error: asWeirError(thrown, 'WEIR_MEDIA_FAILED') });
      }
    });
  }

  #tell(effect: { call: CallRef; to: SessionId; news: Extract<Effect, { kind: 'tell' }>['news'] }): void {
    const { focus, signals } = this.#world;
    const { call, to } = effect;
    const letter = letterOf(focus, { ...to, callId: call.callId, confId: this.id.confId }, effect.news);
    if (this.#lines.of(call)?.say(frameOf(letter)) === true) return;
    if (this.#trunks?.has(call) === true) return this.#trunks.say(call, frameOf(letter));
    switch (letter.kind) {
      case 'to-device':
        return this.#spawn(call, letter.event.type, () => signals.send(to.userId, to.deviceId, letter.event));
      case 'control':
        if (this.#peers.opened(call)?.sendControl(letter.text) !== true) {
          this.#log.debug({ call: call.callId, news: effect.news.kind }, 'the control channel is not open: not told');
        }
    }
  }

  #cutOff(call: CallRef): void {
    const error = new WeirError('WEIR_OVERLOADED', 'the client sends faster than its messages can be read');
    // Its further messages would repeat this; the first of them ends the session.
    this.#peers.close(call);
    this.post({ kind: 'peer-failed', call, error });
  }

  #eventsOf(call: CallRef): PeerEvents {
    return peerInputs(call, {
      clock: this.#world.clock,
      log: this.#log,
      post: input => this.post(input),
      postFrom: (from, input) => this.postFrom(from, input),
      cutOff: from => this.#cutOff(from),
    });
  }

  /** Work whose failure changes nothing in the call. */
  #spawn(call: CallRef, what: string, work: () => Promise<void>): void {
    this.#keep(async () => {
      try {
        await work();
      } catch (thrown) {
        const error = asWeirError(thrown);
        this.#world.meters.error(error.code);
        this.#log.warn({ call: call.callId, session: call.key, code: error.code, what }, error.message);
      }
    });
  }

  /** Keeps hold of a promise that never rejects until it is done. */
  #keep(work: () => Promise<void>): void {
    const running = work().finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}

function only({ call, revision }: { call: CallRef; revision: number }): { call: CallRef; revision: number } {
  return { call, revision };
}
