/** A person's stay in a call, over as many sessions as it takes. */
import { ApplicationData } from './application-data.ts';
import type { CallOptions, CallState } from './call-options.ts';
import { CallProtection } from './call-protection.ts';
import { CallSignalling } from './call-signalling.ts';
import type { EncryptionState } from './encryption-state.ts';
import type { FloorKey } from './floor.ts';
import { type InviteWay, type Mark, type Marks, preciseNow } from './marks.ts';
import { type EntrySession, MemberEntry } from './member-entry.ts';
import type { NetworkHint } from './network.ts';
import type { Others } from './others.ts';
import { type Problem, problemOf } from './problems.ts';
import { type JoinHistory, judge, type Loss, NO_HISTORY } from './recovery.ts';
import type { RemoteStream } from './remote-streams.ts';
import type { Session } from './session.ts';
import { SessionMaker } from './session-maker.ts';
import type { SessionEvents } from './session-options.ts';
import type { Shown, Size, WantedCopy } from './subscriptions.ts';
import { boundedSends } from './to-device-sends.ts';
import type { LayerSwitch } from './wire.ts';

/** A wait that is longer is told. */
const UNNOTICED_MS = 1_000;

export class Call {
  readonly #options: CallOptions;
  readonly #stopListening: (() => void)[];
  readonly #signalling: CallSignalling;
  readonly #entry: MemberEntry;
  readonly #protection: CallProtection;
  readonly #sessions: SessionMaker;
  #state: CallState = { kind: 'idle' };
  #session: Session | undefined;
  #closed = false;
  /** Streams of the session before, shown until the new one knows better. */
  #lastStreams: RemoteStream[] = [];
  #answered = false;
  #history: JoinHistory = NO_HISTORY;
  #wasUp = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly marks: Marks = {};
  readonly data = new ApplicationData();

  constructor(options: CallOptions) {
    this.#options = options;
    this.#entry = new MemberEntry({
      room: options.room,
      isSharingScreen: () => options.capture.screen !== undefined,
      refused: (session, reason) => this.#notListed(session, reason),
    });
    const encryptionEvents = {
      changed: () => options.changed(),
      failed: (reason: Problem) => this.#isIn() && this.#end(reason),
    };
    this.#protection = new CallProtection(options.room, encryptionEvents, options.witness);
    this.#signalling = new CallSignalling(options.room, options.doorOf, {
      opened: () => this.#lineOpened(),
      cut: () => {
        this.#session?.lineCut();
        options.changed();
      },
      frame: (frame, text) => this.#session?.takeFrame(frame, text),
      unknown: callId => {
        if (this.#session?.options.address.callId === callId) this.#session.unknown();
      },
    });
    this.#sessions = new SessionMaker({
      options,
      signalling: this.#signalling,
      protection: this.#protection,
      send: boundedSends(options.room.homeserver),
      data: this.data,
      eventsOf: session => this.#eventsOf(session),
    });
    this.#stopListening = [
      options.room.onMessage(message => this.#session?.take(message)),
      options.room.onChange(() => this.#roomChanged()),
      options.network.onHint(hint => this.#hinted(hint)),
    ];
  }

  get state(): CallState {
    return this.#state;
  }

  /** Streams of the others. */
  get streams(): RemoteStream[] {
    const now = this.#session?.streams ?? [];
    return this.#answered ? now : this.#lastStreams;
  }

  /** Whether the call is encrypted end to end, and who holds its keys. */
  get encryption(): EncryptionState {
    return this.#protection.state;
  }

  /** What the current session knows of the others; changes with it. */
  get others(): Others | undefined {
    return this.#session?.others;
  }

  /** Our key to the floor, for calls in which one speaks at a time; a new session begins with it up. */
  get floor(): FloorKey | undefined {
    return this.#session?.floor;
  }

  /** The peer connection of the current session; an array, since there may be none. */
  get connections(): RTCPeerConnection[] {
    const { connection } = this.#session ?? {};
    return connection === undefined || connection.signalingState === 'closed' ? [] : [connection];
  }

  /** Fast signalling: open, cut (it was open before), or none. */
  get signalling(): 'open' | 'cut' | 'none' {
    return this.#signalling.state;
  }

  /** Cuts the line of fast signalling, which is then opened again; for checks. */
  cutSignalling(): void {
    this.#signalling.line?.cut();
  }

  join(): void {
    if (this.#isIn()) return;
    for (const mark of Object.keys(this.marks) as (keyof Marks)[]) delete this.marks[mark];
    this.mark('joinClickedAt');
    const lineOpenSince = this.#signalling.line?.openSince;
    if (lineOpenSince !== undefined) this.marks.signalOpenAt = lineOpenSince;
    this.#history = NO_HISTORY;
    this.#wasUp = false;
    this.#set({ kind: 'joining', problem: undefined });
    this.#open();
  }

  /** Ends our stay. `keepAlive`: the page is going away, and what is sent must outlive it. */
  leave(options: { keepAlive: boolean } = { keepAlive: false }): void {
    if (!this.#isIn()) return;
    this.#session?.hangUp(options);
    this.#stop();
    this.#set({ kind: 'left' });
    this.#entry.withdraw(options);
  }

  /** Frees what the call holds; it cannot be joined any more. */
  close(): void {
    this.leave();
    this.#closed = true;
    this.#sessions.close();
    for (const stop of this.#stopListening) stop();
    this.#signalling.close();
    this.#protection.close();
  }

  /** How a video tile is drawn: its size in device px, or hidden. */
  show(streamId: string, trackId: string, shown: Shown): void {
    this.#session?.subscriber.show(streamId, trackId, shown);
  }

  /** Whether somebody's voice is to be sent to us: the choice of a world in which one hears those who are near. */
  hear(streamId: string, trackId: string, isHeard: boolean): void {
    this.#session?.subscriber.hear(streamId, trackId, isHeard);
  }

  /** Asks for a second size of somebody's track, which comes in `others.copies`; not any more where it is hidden. */
  showCopy(copy: WantedCopy): void {
    this.#session?.subscriber.showCopy(copy);
  }

  /** Takes layers of one of our videos off once nobody watches them, or offers them again; the ids are those of our description. */
  offerLayers(streamId: string, trackId: string, layers: readonly LayerSwitch[]): void {
    this.#session?.layers.offer(streamId, trackId, layers);
  }

  /** Overrules the drawn size of one track; sent at once. Returns when, in ms since 1970. */
  wantSize(streamId: string, trackId: string, size: Size): number {
    const at = preciseNow();
    this.#session?.subscriber.override(streamId, trackId, size);
    return at;
  }

  /** Notes a moment, the first time it comes. */
  mark(mark: Mark): void {
    this.marks[mark] ??= preciseNow();
  }

  /**
   * Makes in advance what a join needs: a line to the focus, a peer connection and its offer, which send nothing of the call.
   * To be called whenever the room has changed, or what is known of the focus; without it, joining takes a little longer.
   */
  prepare(): void {
    const { confId, focus, iceServers } = this.#options.room;
    this.#session?.useIceServers(iceServers);
    if (this.#closed || this.#isIn() || confId === undefined || focus === undefined) return;
    try {
      this.#sessions.prepare(confId, focus);
    } catch {
      // Told when we join.
    }
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
    let session: Session;
    try {
      this.#protection.begin(confId);
      session = this.#sessions.take(confId, focus, { history: this.#history, subscriber: this.#session?.subscriber });
    } catch (thrown) {
      this.#end(problemOf(thrown));
      return;
    }
    this.#session = session;
    session.start();
  }

  #eventsOf(session: () => Session): SessionEvents {
    return {
      mark: mark => this.mark(mark),
      invited: way => this.#invited(way),
      changed: () => this.#sessionChanged(session()),
      answered: () => {
        this.#answered = true;
        if (this.#session === session() && this.#isIn()) this.#entry.answered(session());
      },
      refused: reason => this.#options.notice(reason),
      lost: loss => this.#lost(session(), loss),
    };
  }

  #notListed(session: EntrySession, reason: Problem): void {
    if (this.#session !== session || !this.#isIn()) return;
    if (reason.code === 'CALL_FORBIDDEN' || reason.code === 'TOKEN_REFUSED') this.#end(reason);
    else this.#options.notice(reason);
  }

  #sessionChanged(session: Session): void {
    if (this.#session !== session || !this.#isIn()) return;
    if (session.phase === 'up') {
      this.#entry.connected(session);
      this.#wasUp = true;
      this.#set({ kind: 'connected' });
    } else if (session.phase === 'troubled') this.#reconnect('path', undefined);
    else this.#options.changed();
  }

  #lost(session: Session, loss: Loss): void {
    if (this.#session !== session || !this.#isIn()) return;
    if (this.#answered) this.#lastStreams = session.streams;
    const verdict = judge(loss, this.#history, session.upForMs, Math.random());
    if (verdict.kind === 'end') {
      this.#end(verdict.problem);
      return;
    }
    this.#history = verdict.history;
    // The first try mostly goes out at once and works: no reason to alarm anybody yet.
    const isNoticed = verdict.history.failures > 1 || verdict.afterMs > UNNOTICED_MS;
    const reason = isNoticed ? verdict.problem : undefined;
    if (this.#wasUp) this.#reconnect('session', reason);
    else this.#set({ kind: 'joining', problem: reason });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#openAgain(), verdict.afterMs);
  }

  #openAgain(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#open();
  }

  #reconnect(by: 'path' | 'session', reason: Problem | undefined): void {
    const since = this.#state.kind === 'reconnecting' ? this.#state.since : Date.now();
    this.#set({ kind: 'reconnecting', by, since, networkGone: this.#options.network.isGone, problem: reason });
  }

  /** Encryption was switched on while the call runs: nothing may pass in the clear from now on. */
  #roomChanged(): void {
    const session = this.#session;
    if (!this.#isIn() || session === undefined || !this.#options.room.isEncrypted) return;
    if (session.options.protection !== undefined) return;
    session.hangUp();
    this.#openAgain();
  }

  #hinted(hint: NetworkHint): void {
    if (hint !== 'gone') {
      this.#signalling.line?.check();
      this.#options.room.homeserver.retryNow();
    }
    this.#session?.hint(hint);
    if (this.#state.kind !== 'reconnecting') return;
    if (hint === 'back' && this.#retry !== undefined) this.#openAgain();
    this.#set({ ...this.#state, networkGone: this.#options.network.isGone });
  }

  #lineOpened(): void {
    this.mark('signalOpenAt');
    this.#session?.lineOpened();
    this.#options.changed();
  }

  #invited(way: InviteWay): void {
    this.marks.way ??= way;
  }

  #end(reason: Problem): void {
    this.#session?.hangUp();
    this.#stop();
    this.#set({ kind: 'ended', problem: reason });
    // Not after a replacement: the entry is the other window's now.
    if (reason.code === 'REPLACED') this.#entry.abandon();
    this.#entry.withdraw();
  }

  #stop(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#entry.stop();
    this.#session?.close();
    this.#session = undefined;
    this.#protection.end();
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
