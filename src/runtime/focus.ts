/** The focus: takes what homeserver and clients say to the conference it is about, and starts and ends conferences. */
import { asWeirError, type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import { type ClientToDevice, type Envelope, writeHangup } from '../../signalling/wire/to-device.ts';
import { type Admission, admit, type RoomDirectory, willPublish } from '../conference/admission.ts';
import type { ResumedSession, SignalDoor, SignalLine, SignalMember, StoredState } from '../ports.ts';
import { type ConferenceId, type ConferenceKey, keyOfConference } from '../session.ts';
import type { OverloadState } from '../overload/watch.ts';
import type { Arrival } from './arrival.ts';
import { callOf, Calls } from './calls.ts';
import { ConferenceRunner, type RunnerWorld } from './conference-runner.ts';
import { type Counts, sumOf } from './counts.ts';
import { Entrance } from './entrance.ts';
import { controlMessageOf, frameOf } from './door.ts';
import { MemberDoor } from './member-door.ts';
import type { MeteredTraffic } from './trunk-traffic.ts';
import { InviteRate } from './invite-rate.ts';
import { OverloadWatch, type OverloadWorld } from './overload-watch.ts';
import { type Invite, WaitingRoom } from './waiting-room.ts';

export interface FocusWorld extends RunnerWorld, OverloadWorld {
  rooms: RoomDirectory;
  bounds: FocusBounds;
  /** Whether media in the clear is refused in encrypted rooms. */
  requireEncryption: boolean;
}

export interface FocusBounds {
  conferences: number;
  invitesPerUserPerMinute: number;
  /** How long an invite may be ahead of the room's state, in ms, and how many such invites wait. */
  invitePatienceMs: number;
  waitingInvites: number;
}

/** A conference at this moment. */
export interface ConferenceOverview {
  readonly id: ConferenceId;
  readonly counts: Counts;
  /** What crosses its trunks. */
  readonly trunkTraffic: readonly MeteredTraffic[];
}

export class Focus {
  readonly #world: FocusWorld;
  readonly #conferences = new Map<ConferenceKey, ConferenceRunner>();
  readonly #calls = new Calls();
  readonly #waiting: WaitingRoom;
  readonly #rate: InviteRate;
  readonly #overload: OverloadWatch;
  readonly #entrance: Entrance;
  readonly #sending = new Set<Promise<void>>();
  /** By which WebSocket an invite came that waits, or is refused. */
  readonly #cameBy = new WeakMap<Envelope, SignalLine>();
  #stopping = false;

  constructor(world: FocusWorld) {
    this.#world = world;
    this.#rate = new InviteRate(world.clock, world.bounds.invitesPerUserPerMinute);
    this.#waiting = new WaitingRoom({
      clock: world.clock,
      patienceMs: world.bounds.invitePatienceMs,
      capacity: world.bounds.waitingInvites,
      giveUp: invite => this.#giveUp(invite),
    });
    this.#overload = new OverloadWatch(
      world,
      () => [...this.#conferences.values()].reduce((sum, { waiting }) => sum + waiting, 0),
      () => this.#press(),
    );
    this.#entrance = new Entrance({
      clock: world.clock,
      meters: world.meters,
      most: { conferences: world.bounds.conferences, participants: world.limits.participants },
      watch: this.#overload,
      conferences: this.#conferences,
    });
  }

  /** Hangs up what an earlier run left open: its media are gone, and a call id stands in no room state. */
  resume(stored: StoredState): void {
    for (const { session, conference, callId } of stored.sessions) {
      const from: Envelope = {
        sender: session.userId,
        deviceId: session.deviceId,
        sessionId: session.sessionId,
        callId,
        confId: conference.confId,
      };
      this.#calls.end(callOf(from));
      this.#entrance.left(keyOfConference(conference), callOf(from).key);
      this.#refuse(from, new WeirError('WEIR_FOCUS_RESTARTED', 'the focus was restarted'));
      this.#keep(() => this.#world.store.forgetSession(callOf(from).key));
    }
    if (stored.sessions.length > 0)
      this.#world.log.info({ sessions: stored.sessions.length }, 'hung up the sessions of the earlier run');
  }

  /** A member's WebSocket is open. Throws WEIR_FOCUS_STOPPING. */
  connect(member: SignalMember, resume: ResumedSession | undefined, line: SignalLine): SignalDoor {
    if (this.#stopping) throw new WeirError('WEIR_FOCUS_STOPPING', 'the focus is being shut down');
    return new MemberDoor(member, resume, line, {
      clock: this.#world.clock,
      calls: this.#calls,
      take: (arrival, by) => this.take(arrival, by),
    });
  }

  /** Whether the member may join, as far as the focus knows now. Throws WEIR_OVERLOADED where there is no room for it. */
  mayJoin({ userId, deviceId, roomId, confId }: SignalMember): Admission {
    const from = { sender: userId, deviceId, sessionId: '', callId: '', confId };
    const admission = admit(this.#world.rooms, from, roomId);
    if (admission.kind === 'admitted')
      this.#entrance.ask(keyOfConference(admission.conference), { userId, deviceId, publishes: false });
    return admission;
  }

  /** A to-device message, or the same by WebSocket. Never throws. */
  take(arrival: Arrival, line?: SignalLine): void {
    const { parsed, replyTo } = arrival;
    if (line !== undefined) {
      if (replyTo !== undefined) this.#cameBy.set(replyTo, line);
      if (parsed.kind === 'ok') this.#cameBy.set(parsed.value.from, line);
    }
    if (parsed.kind === 'bad') {
      const running = replyTo === undefined ? undefined : this.#calls.find(replyTo);
      if (running !== undefined) {
        running.runner.postFrom(running.call, { kind: 'garbled', call: running.call, error: parsed.error });
        return;
      }
      this.#world.meters.invite('bad', parsed.error.code);
      this.#world.meters.error(parsed.error.code);
      if (replyTo !== undefined && this.#rate.take(replyTo.sender)) this.#refuse(replyTo, parsed.error);
      return;
    }
    const message = parsed.value;
    if (message.kind === 'invite') return this.#invited(message, arrival.lateMs);
    const known = this.#calls.find(message.from);
    if (known === undefined) return this.#unknownCall(message);
    if (line !== undefined) known.runner.attachOnce(known.call, line);
    const said = controlMessageOf(message);
    if (said !== undefined)
      known.runner.postFrom(known.call, { kind: 'said', call: known.call, message: said, replyBy: 'to-device' });
    else if (message.kind === 'hangup') known.runner.post({ kind: 'hung-up', call: known.call });
  }

  /**
   * The focus has learnt something about these rooms and, in each, about the membership of these users (`all`: about any of
   * them): ends the sessions of users who are no longer joined and of calls that are no more, and admits invites that waited
   * for the news.
   */
  roomsChanged(changed: ReadonlyMap<string, ReadonlySet<string>> | 'all'): void {
    for (const runner of this.#conferences.values()) {
      const users = changed === 'all' ? runner.userIds() : changed.get(runner.id.roomId);
      if (users !== undefined) this.#reconcile(runner, users);
    }
    const { rooms } = this.#world;
    const isAdmitted = ({ from, roomId }: Invite): boolean => admit(rooms, from, roomId).kind === 'admitted';
    for (const invite of this.#waiting.release(isAdmitted)) this.#tryToAdmit(invite);
  }

  /** For gauges. */
  counts(): Counts & { conferences: number } {
    const runners = [...this.#conferences.values()];
    return { ...sumOf(runners.map(runner => runner.counts())), conferences: runners.length };
  }

  /** All conferences, for who watches. */
  overview(): ConferenceOverview[] {
    return [...this.#conferences.values()].map(runner => ({
      id: runner.id,
      counts: runner.counts(),
      trunkTraffic: runner.trunkTraffic,
    }));
  }

  /** What crosses the trunks of all conferences. */
  trunkTraffic(): MeteredTraffic[] {
    return [...this.#conferences.values()].flatMap(({ trunkTraffic }) => trunkTraffic);
  }

  /** How much the focus has to do, as of the last look. */
  get overload(): OverloadState {
    return this.#overload.state;
  }

  /** Hangs everybody up and takes nobody any more. Resolves when they have been told, or could not be. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#overload.close();
    this.#waiting.close();
    const error = new WeirError('WEIR_FOCUS_STOPPING', 'the focus is being shut down');
    await Promise.all([...this.#conferences.values()].map(runner => runner.dissolve(error)));
    await Promise.all(this.#sending);
  }

  #reconcile(runner: ConferenceRunner, users: ReadonlySet<string>): void {
    const { rooms } = this.#world;
    const { roomId, confId } = runner.id;
    const call = rooms.conferencesOf(confId).find(one => one.roomId === roomId);
    if (call === undefined || call.terminated !== undefined) {
      const message = call === undefined ? 'the focus is no longer in the room' : 'the call was ended';
      runner.post({ kind: 'dissolved', error: new WeirError('WEIR_CALL_ENDED', message) });
      return;
    }
    this.#tellRules(runner);
    runner.relink();
    for (const userId of users) {
      if (!rooms.isJoined(roomId, userId)) runner.post({ kind: 'user-left', userId });
    }
  }

  #invited(invite: Invite, lateMs: number): void {
    if (this.#calls.find(invite.from) !== undefined || this.#calls.hasEnded(invite.from)) return;
    if (lateMs > invite.lifetimeMs) {
      return this.#refuseInvite(invite, 'WEIR_STALE_INVITE', 'the invite waited for too long');
    }
    if (this.#stopping) return this.#refuseInvite(invite, 'WEIR_FOCUS_STOPPING', 'the focus is being shut down');
    if (!this.#rate.take(invite.from.sender))
      return this.#refuseInvite(invite, 'WEIR_OVERLOADED', 'too many invites of one user');
    this.#tryToAdmit(invite);
  }

  #tryToAdmit(invite: Invite): void {
    const { rooms } = this.#world;
    const { from } = invite;
    const admission = admit(rooms, from, invite.roomId);
    if (admission.kind === 'refused') {
      if (!this.#waiting.admit(invite)) this.#refuseInvite(invite, 'WEIR_OVERLOADED', 'too many invites wait');
      return;
    }
    const key = keyOfConference(admission.conference);
    const publishes = willPublish(rooms, admission.conference, from.sender, invite.metadata);
    try {
      this.#entrance.enter(key, { userId: from.sender, deviceId: from.deviceId, publishes });
    } catch (thrown) {
      return this.#refuseWith(invite, asWeirError(thrown));
    }
    this.#world.meters.invite('admitted', 'none');
    const runner = this.#conferences.get(key) ?? this.#startConference(admission.conference);
    const call = callOf(from);
    this.#calls.add({ runner, call });
    const session = { userId: from.sender, deviceId: from.deviceId, sessionId: from.sessionId };
    runner.post({
      kind: 'invited',
      session,
      callId: from.callId,
      sdp: invite.sdp,
      metadata: invite.metadata,
      earlyOffer: invite.earlyOffer ?? false,
      takesChanges: invite.takesChanges ?? false,
    });
    const line = this.#cameBy.get(from);
    if (line !== undefined) runner.attach(call, line);
  }

  #giveUp(invite: Invite): void {
    const admission = admit(this.#world.rooms, invite.from, invite.roomId);
    if (admission.kind === 'refused') this.#refuseInvite(invite, admission.code, admission.message);
    else this.#tryToAdmit(invite);
  }

  #startConference(id: ConferenceId): ConferenceRunner {
    const key = keyOfConference(id);
    const runner: ConferenceRunner = new ConferenceRunner(id, this.#world, {
      callEnded: call => {
        this.#calls.end(call);
        this.#entrance.left(key, call.key);
      },
      empty: () => {
        if (this.#conferences.get(key) === runner) this.#conferences.delete(key);
        runner.close();
      },
    });
    this.#conferences.set(key, runner);
    // Before anybody is in: nothing is ever shown that may not be.
    this.#tellRules(runner);
    return runner;
  }

  /** What the room says of what may be published. */
  #tellRules(runner: ConferenceRunner): void {
    const { rooms, requireEncryption } = this.#world;
    const { roomId, confId } = runner.id;
    runner.post({ kind: 'permissions-changed', permissions: rooms.permissionsOf(roomId, confId) });
    if (requireEncryption) runner.post({ kind: 'encryption-required', required: rooms.isEncrypted(roomId) });
  }

  #unknownCall(message: Exclude<ClientToDevice, Invite>): void {
    // A client that still negotiates must learn that its call is gone; one that hangs up knows.
    if (message.kind !== 'negotiate' || !this.#rate.take(message.from.sender)) return;
    const error = new WeirError('WEIR_NO_SESSION', 'the focus has no such call');
    this.#world.meters.error(error.code);
    this.#world.log.info({ user: message.from.sender, device: message.from.deviceId, code: error.code }, error.message);
    this.#refuse(message.from, error);
  }

  #refuseInvite(invite: Invite, code: ErrorCode, message: string): void {
    this.#refuseWith(invite, new WeirError(code, message));
  }

  #refuseWith({ from }: Invite, error: WeirError): void {
    const { code, message } = error;
    this.#world.meters.invite('refused', code);
    this.#world.meters.error(code);
    this.#world.log.warn({ user: from.sender, device: from.deviceId, conference: from.confId, code }, message);
    this.#refuse(from, error);
  }

  #press(): void {
    for (const [key, runner] of this.#conferences) runner.press(this.#overload.videoShare(key));
  }

  #refuse(from: Envelope, error: WeirError): void {
    const { focus, signals } = this.#world;
    const to = {
      userId: from.sender,
      deviceId: from.deviceId,
      sessionId: from.sessionId,
      callId: from.callId,
      confId: from.confId,
    };
    const event = writeHangup(focus, to, error);
    if (this.#cameBy.get(from)?.say(frameOf({ kind: 'to-device', event })) === true) return;
    this.#keep(() => signals.send(from.sender, from.deviceId, event));
  }

  #keep(work: () => Promise<void>): void {
    const sending = work()
      .catch((thrown: unknown) => {
        const error = asWeirError(thrown);
        this.#world.meters.error(error.code);
        this.#world.log.warn({ code: error.code }, error.message);
      })
      .finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }
}
