/** A person's stay in a call, over as many sessions as it takes. */
import type { CallRoom } from './call-room.ts';
import type { Capture } from './capture.ts';
import { type Mark, type Marks, preciseNow } from './marks.ts';
import { type MediaPreferences, NO_PREFERENCES } from './media-preferences.ts';
import { type Problem, problemOf } from './problems.ts';
import { answerTimeoutMs, type JoinHistory, judge, type Loss, NO_HISTORY } from './recovery.ts';
import type { Others } from './others.ts';
import type { RemoteStream } from './remote-streams.ts';
import { MEMBER_ENTRY_LIFETIME_MS } from './room.ts';
import { Session } from './session.ts';
import type { FocusRef, LayerSwitch } from './wire.ts';
import type { Shown, Size, WantedCopy } from './subscriptions.ts';

export type CallState =
  | { kind: 'idle' }
  | { kind: 'joining'; problem: Problem | undefined }
  | { kind: 'connected' }
  | { kind: 'reconnecting'; problem: Problem | undefined }
  | { kind: 'left' }
  | { kind: 'ended'; problem: Problem };

/** What of a room a call needs. */
export type RoomOfCall = Pick<
  CallRoom,
  | 'announce'
  | 'confId'
  | 'ensureConference'
  | 'focus'
  | 'iceServers'
  | 'obstacle'
  | 'onMessage'
  | 'roomId'
  | 'self'
  | 'withdraw'
> & { homeserver: Pick<CallRoom['homeserver'], 'sendToDevice'> };

export interface CallOptions {
  room: RoomOfCall;
  capture: Capture;
  guessSize: () => Shown;
  preferences?: MediaPreferences;
  /** State, streams or marks changed. */
  changed(): void;
  /** Something that a person should know, while the call goes on. */
  notice(reason: Problem): void;
}

/** The member entry is written again when this share of its life is over. */
const REFRESH_SHARE = 0.75;
const MAX_PARALLEL_SENDS = 64;
/** From being connected until the member entry is written. */
const ANNOUNCE_AFTER_MS = 1_500;
const PREPARED_FOR_MS = 60_000;
const CERTIFICATE: EcKeyGenParams = { name: 'ECDSA', namedCurve: 'P-256' };

export class Call {
  readonly #options: CallOptions;
  readonly #stopListening: () => void;
  #state: CallState = { kind: 'idle' };
  #session: Session | undefined;
  #prepared: Session | undefined;
  #closed = false;
  /** Streams of the session before, shown until the new one knows better. */
  #lastStreams: RemoteStream[] = [];
  #answered = false;
  #announcing: Session | undefined;
  #announced = false;
  #history: JoinHistory = NO_HISTORY;
  #sending = 0;
  #wasUp = false;
  #certificate: RTCCertificate | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  readonly marks: Marks = {};

  constructor(options: CallOptions) {
    this.#options = options;
    this.#stopListening = options.room.onMessage(message => this.#session?.take(message));
    RTCPeerConnection.generateCertificate(CERTIFICATE)
      .then(certificate => {
        this.#certificate = certificate;
      })
      .catch(() => undefined);
  }

  get state(): CallState {
    return this.#state;
  }

  /** Streams of the others. */
  get streams(): RemoteStream[] {
    const now = this.#session?.others.streams ?? [];
    return this.#answered ? now : this.#lastStreams;
  }

  /** What the current session knows of the others; changes with it. */
  get others(): Others | undefined {
    return this.#session?.others;
  }

  /** The peer connection of the current session; an array, since there may be none. */
  get connections(): RTCPeerConnection[] {
    const { connection } = this.#session ?? {};
    return connection === undefined || connection.signalingState === 'closed' ? [] : [connection];
  }

  join(): void {
    if (['joining', 'connected', 'reconnecting'].includes(this.#state.kind)) return;
    for (const mark of Object.keys(this.marks) as Mark[]) delete this.marks[mark];
    this.mark('joinClickedAt');
    this.#history = NO_HISTORY;
    this.#wasUp = false;
    this.#set({ kind: 'joining', problem: undefined });
    this.#open();
  }

  /** Ends our stay. `keepAlive`: the page is going away, and what is sent must outlive it. */
  leave(options: { keepAlive: boolean } = { keepAlive: false }): void {
    if (!['joining', 'connected', 'reconnecting'].includes(this.#state.kind)) return;
    this.#session?.hangUp(options);
    this.#stop();
    this.#set({ kind: 'left' });
    if (this.#announced) this.#options.room.withdraw(options).catch(() => undefined);
    this.#announced = false;
  }

  /** Frees what the call holds; it cannot be joined any more. */
  close(): void {
    this.leave();
    this.#closed = true;
    this.#prepared?.close();
    this.#stopListening();
  }

  /** How a video tile is drawn: its size in device px, or hidden. */
  show(streamId: string, trackId: string, shown: Shown): void {
    this.#session?.show(streamId, trackId, shown);
  }

  /** Asks for a second size of somebody's track, which comes in `others.copies`; not any more where it is hidden. */
  showCopy(copy: WantedCopy): void {
    this.#session?.showCopy(copy);
  }

  /** Takes layers of one of our videos off once nobody watches them, or offers them again; the ids are those of our description. */
  offerLayers(streamId: string, trackId: string, layers: readonly LayerSwitch[]): void {
    this.#session?.offerLayers(streamId, trackId, layers);
  }

  /** Overrules the drawn size of one track; sent at once. Returns when, in ms since 1970. */
  wantSize(streamId: string, trackId: string, size: Size): number {
    const at = preciseNow();
    this.#session?.wantSize(streamId, trackId, size);
    return at;
  }

  /** Notes a moment, the first time it comes. */
  mark(mark: Mark): void {
    this.marks[mark] ??= preciseNow();
  }

  /**
   * Makes in advance what a join needs: a peer connection and its offer, which send nothing. To be called whenever the room
   * has changed; without it, joining takes a little longer.
   */
  prepare(): void {
    const { confId, focus, iceServers } = this.#options.room;
    this.#session?.useIceServers(iceServers);
    if (this.#closed || this.#isIn() || confId === undefined || focus === undefined) return;
    this.#prepared = this.#takePrepared(confId, focus) ?? this.#sessionOf(confId, focus, undefined);
    this.#prepared.prepare();
  }

  #open(): void {
    const { room } = this.#options;
    const { confId, focus } = room;
    if (confId === undefined) {
      room.ensureConference().then(
        () => this.#isIn() && this.#open(),
        (thrown: unknown) => this.#isIn() && this.#end(problemOf(thrown)),
      );
      return;
    }
    const obstacle = room.obstacle;
    if (focus === undefined || (obstacle !== undefined && obstacle.code !== 'FOCUS_NOT_IN_ROOM')) {
      if (obstacle !== undefined) this.#end(obstacle);
      return;
    }
    this.#answered = false;
    const session = this.#takePrepared(confId, focus) ?? this.#sessionOf(confId, focus, this.#session);
    this.#session = session;
    session.start();
  }

  #sessionOf(confId: string, focus: FocusRef, previous: Session | undefined): Session {
    const { room } = this.#options;
    const address = {
      roomId: room.roomId,
      confId,
      callId: crypto.randomUUID(),
      sessionId: crypto.randomUUID(),
      self: { userId: room.self.userId, deviceId: room.self.deviceId },
      focus,
    };
    const session: Session = new Session(
      {
        address,
        send: (to, type, content, options) => this.#send(to.userId, to.deviceId, type, content, options),
        capture: this.#options.capture,
        iceServers: room.iceServers,
        preferences: this.#options.preferences ?? NO_PREFERENCES,
        certificate: this.#certificate,
        guessSize: this.#options.guessSize,
        answerTimeoutMs: answerTimeoutMs(this.#history),
        previous,
      },
      {
        mark: mark => this.mark(mark),
        changed: () => this.#sessionChanged(session),
        answered: () => {
          this.#answered = true;
        },
        refused: reason => this.#options.notice(reason),
        lost: loss => this.#lost(session, loss),
      },
    );
    return session;
  }

  #takePrepared(confId: string, focus: FocusRef): Session | undefined {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (prepared === undefined) return undefined;
    if (this.#fits(prepared, confId, focus)) return prepared;
    prepared.close();
    return undefined;
  }

  /** An offer that is older may tell of a network that is gone. */
  #fits({ options: { address, iceServers }, ageMs }: Session, confId: string, focus: FocusRef): boolean {
    return (
      address.confId === confId &&
      address.focus.userId === focus.userId &&
      address.focus.deviceId === focus.deviceId &&
      iceServers === this.#options.room.iceServers &&
      ageMs < PREPARED_FOR_MS
    );
  }

  /** Media first: the homeserver is busy with a member entry for a while, and tries that fail would fill the room. */
  #announceSoon(session: Session): void {
    if (this.#announcing === session) return;
    this.#announcing = session;
    clearTimeout(this.#refresh);
    this.#refresh = setTimeout(() => this.#announce(session), ANNOUNCE_AFTER_MS);
  }

  #announce(session: Session): void {
    clearTimeout(this.#refresh);
    this.#refresh = setTimeout(() => this.#announce(session), MEMBER_ENTRY_LIFETIME_MS * REFRESH_SHARE);
    const { confId, focus } = session.options.address;
    this.#announced = true;
    const { room, capture } = this.#options;
    const purposes = capture.screen === undefined ? ['m.usermedia'] : ['m.usermedia', 'm.screenshare'];
    room.announce(confId, session.sessionId, focus, purposes).catch((thrown: unknown) => {
      if (this.#session !== session || !this.#isIn()) return;
      const reason = problemOf(thrown);
      if (reason.code === 'CALL_FORBIDDEN' || reason.code === 'TOKEN_REFUSED') this.#end(reason);
      else this.#options.notice(reason);
    });
  }

  /** Media does not wait for the homeserver, so neither may messages pile up for it. */
  async #send(
    userId: string,
    deviceId: string,
    type: string,
    content: object,
    options: { keepAlive?: boolean } = {},
  ): Promise<void> {
    if (this.#sending >= MAX_PARALLEL_SENDS) throw new Error('Too many messages wait for the homeserver.');
    this.#sending += 1;
    try {
      await this.#options.room.homeserver.sendToDevice(userId, deviceId, type, content, options);
    } finally {
      this.#sending -= 1;
    }
  }

  #sessionChanged(session: Session): void {
    if (this.#session !== session || !this.#isIn()) return;
    if (session.phase === 'up') {
      this.#announceSoon(session);
      this.#wasUp = true;
      this.#set({ kind: 'connected' });
    } else if (session.phase === 'troubled') this.#set({ kind: 'reconnecting', problem: undefined });
    else this.#options.changed();
  }

  #lost(session: Session, loss: Loss): void {
    if (this.#session !== session || !this.#isIn()) return;
    if (this.#answered) this.#lastStreams = session.others.streams;
    const verdict = judge(loss, this.#history, session.upForMs, Math.random());
    if (verdict.kind === 'end') {
      this.#end(verdict.problem);
      return;
    }
    this.#history = verdict.history;
    // The first try goes out at once and mostly works: no reason to alarm anybody yet.
    const reason = verdict.history.failures > 1 ? verdict.problem : undefined;
    this.#set(this.#wasUp ? { kind: 'reconnecting', problem: reason } : { kind: 'joining', problem: reason });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), verdict.afterMs);
  }

  #end(reason: Problem): void {
    this.#session?.hangUp();
    this.#stop();
    this.#set({ kind: 'ended', problem: reason });
    // Not after a replacement: the entry is the other window's now.
    if (this.#announced && reason.code !== 'REPLACED') this.#options.room.withdraw().catch(() => undefined);
    this.#announced = false;
  }

  #stop(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#refresh);
    this.#session?.close();
    this.#session = undefined;
    this.#lastStreams = [];
    this.#answered = false;
  }

  #isIn(): boolean {
    return ['joining', 'connected', 'reconnecting'].includes(this.#state.kind);
  }

  #set(state: CallState): void {
    this.#state = state;
    this.#options.changed();
  }
}
