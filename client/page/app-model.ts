/** The way through the page: sign in, pick a room, look in the mirror, call. */
import { batch, type Signal, signal } from '@preact/signals';
import {
  askFocus,
  type Call,
  callRoomRequest,
  CallRoom,
  Capture,
  type Credentials,
  findHomeserver,
  Homeserver,
  loginWithAccessToken,
  loginWithPassword,
  loginWithToken,
  type OwnFocus,
  type FocusRef,
  type Problem,
  problem,
  ProblemError,
  problemOf,
  type Size,
  ssoUrl,
  waysToSignIn,
} from '../kit/index.ts';
import { CallModel } from './call-model.ts';
import { callFragment, type CallTarget, type Link } from './link.ts';
import { forgetSession, loadSession, saveSession } from './stored-session.ts';

export type Screen =
  | { kind: 'loading'; what: string }
  | { kind: 'signIn' }
  | { kind: 'rooms' }
  /** Lobby and call: what is seen depends on the state of the call. */
  | { kind: 'room'; model: CallModel };

/** Something to tell the person for a moment. */
export interface Notice {
  id: number;
  problem: Problem;
}

const NOTICE_MS = 9_000;
const MOST_NOTICES = 3;

export class AppModel {
  readonly screen: Signal<Screen> = signal({ kind: 'loading', what: 'Starting' });
  readonly problem: Signal<Problem | undefined> = signal(undefined);
  readonly busy = signal(false);
  readonly notices: Signal<Notice[]> = signal([]);
  readonly announcement = signal('');
  readonly capture: Capture;
  /** Counts changes of the capture, for views that read it. */
  readonly captureChanges = signal(0);
  readonly focus: Signal<OwnFocus | undefined> = signal(undefined);
  /** Set by the grid: where a new tile would land. */
  guessSize: () => Size = () => ({ width: 640, height: 360 });
  homeserver: Homeserver | undefined;
  #target: CallTarget | undefined;
  #linkFocus: FocusRef | undefined;
  #autojoin: boolean;
  #notices = 0;
  #resume: { audio: boolean; video: boolean } | undefined;
  readonly #asking: Promise<void>;

  constructor(link: Link) {
    const stored = loadSession();
    const video = link.video ?? stored.video;
    this.capture = new Capture(video);
    this.capture.onChange(() => {
      this.captureChanges.value += 1;
    });
    this.#target = link.target;
    this.#linkFocus = link.focus ?? stored.focus;
    this.#autojoin = link.autojoin;
    if (link.credentials !== undefined) saveSession({ credentials: link.credentials });
    saveSession({ focus: this.#linkFocus, video });
    this.#asking = askFocus(location.href).then(focus => {
      this.focus.value = focus;
    });
  }

  get target(): CallTarget | undefined {
    return this.#target;
  }

  /** Where the link and what the tab remembers lead. */
  async start(loginToken: string | undefined): Promise<void> {
    const stored = loadSession();
    const { homeserverUrl } = stored;
    if (loginToken !== undefined && homeserverUrl !== undefined) {
      await this.#attempt(async () => this.#enter(await loginWithToken(homeserverUrl, loginToken)));
    } else if (stored.credentials !== undefined) {
      await this.#attempt(() => this.#enter(stored.credentials));
    } else this.#go({ kind: 'signIn' });
    if (this.screen.value.kind === 'loading') this.#go({ kind: 'signIn' });
  }

  /** `server`: as typed; where it is empty, that of the user id or of the focus. */
  async signIn(server: string, user: string, password: string): Promise<void> {
    await this.#attempt(async () => this.#enter(await loginWithPassword(await findHomeserver(server), user, password)));
  }

  async signInWithToken(server: string, token: string): Promise<void> {
    await this.#attempt(async () =>
      this.#enter(await loginWithAccessToken(await findHomeserver(server), token.trim())),
    );
  }

  /** Goes to the homeserver's page for logins by another site. */
  async signInElsewhere(server: string): Promise<void> {
    await this.#attempt(async () => {
      const url = await findHomeserver(server);
      if (!(await waysToSignIn(url)).sso) {
        throw new ProblemError(problem('LOGIN_REFUSED', 'This homeserver offers no sign-in by another site.'));
      }
      saveSession({ homeserverUrl: url, fragment: location.hash });
      location.assign(ssoUrl(url, `${location.origin}${location.pathname}`));
    });
  }

  async signOut(): Promise<void> {
    this.#leaveRoom();
    this.capture.stop();
    forgetSession();
    this.#target = undefined;
    history.replaceState(null, '', location.pathname);
    const { homeserver } = this;
    this.homeserver = undefined;
    batch(() => {
      this.problem.value = undefined;
      this.#go({ kind: 'signIn' });
    });
    // The token may be refused already; what counts is that this tab forgot it.
    await homeserver?.logout().catch(() => undefined);
  }

  showRooms(): void {
    this.#leaveRoom();
    this.capture.stop();
    this.#target = undefined;
    history.replaceState(null, '', location.pathname);
    this.problem.value = undefined;
    this.#go({ kind: 'rooms' });
  }

  async openRoom(target: CallTarget): Promise<void> {
    const { homeserver } = this;
    if (homeserver === undefined) return;
    this.#target = target;
    await this.#attempt(async () => {
      this.#go({ kind: 'loading', what: 'Entering the room' });
      this.#resume = undefined;
      if (this.capture.audio.kind === 'off' && this.capture.video.kind === 'off') void this.capture.startBoth();
      if (this.#linkFocus === undefined) await this.#asking;
      const room = await CallRoom.open({
        homeserver,
        room: target.room,
        via: target.via,
        confId: target.confId,
        focus: this.#linkFocus ?? this.focus.value,
      });
      const model = new CallModel({
        room,
        capture: this.capture,
        guessSize: () => this.guessSize(),
        notice: reason => this.notify(reason),
        announce: text => this.announce(text),
      });
      history.replaceState(null, '', callFragment({ ...target, room: room.roomId }));
      this.#go({ kind: 'room', model });
      if (this.#autojoin) {
        this.#autojoin = false;
        this.join();
      }
    });
    if (this.problem.value !== undefined) this.#go({ kind: 'rooms' });
  }

  /** Makes a room in which everybody may join calls, with the focus in it, and enters it. */
  async makeRoom(name: string, open: boolean, invite: string[]): Promise<void> {
    const { homeserver } = this;
    if (homeserver === undefined) return;
    await this.#attempt(async () => {
      await this.#asking;
      const focus = this.#linkFocus ?? this.focus.value;
      const confId = crypto.randomUUID();
      const guests = focus === undefined ? invite : [...invite, focus.userId];
      const room = await homeserver.createRoom(callRoomRequest({ name, open, invite: guests, confId }));
      const server = room.replace(/^[^:]*:/, '');
      const via = server === room ? [] : [server];
      await this.openRoom({ room, confId, via, homeserverUrl: homeserver.credentials.homeserverUrl });
    });
  }

  get call(): Call | undefined {
    const { value } = this.screen;
    return value.kind === 'room' ? value.model.call : undefined;
  }

  get inCall(): boolean {
    const kind = this.call?.state.kind;
    return kind === 'joining' || kind === 'connected' || kind === 'reconnecting';
  }

  /** Lets every member of the room join calls; where the homeserver refuses, the person is told. */
  async allowCalls(): Promise<void> {
    const { value } = this.screen;
    if (value.kind !== 'room') return;
    try {
      await value.model.room.allowCalls();
    } catch (thrown) {
      this.notify(problemOf(thrown));
    }
  }

  /** What a click on "Join" does. */
  join(): void {
    const { call } = this;
    if (call === undefined) return;
    if (this.#resume !== undefined) {
      const { audio, video } = this.#resume;
      this.#resume = undefined;
      if (audio) void this.capture.start('audio');
      if (video) void this.capture.start('video');
    }
    call.join();
  }

  leave(): void {
    this.call?.leave();
  }

  /** The call is over: camera and microphone go out, and come back where the person joins again. */
  callIsOver(): void {
    this.#resume ??= { audio: this.capture.audio.kind === 'on', video: this.capture.video.kind === 'on' };
    this.capture.stop();
  }

  toggleMicrophone(): void {
    this.capture.setAudioMuted(!this.capture.audioMuted);
    this.announce(this.capture.audioMuted ? 'Your microphone is off.' : 'Your microphone is on.');
  }

  toggleCamera(): void {
    const on = this.capture.video.kind === 'on' || this.capture.video.kind === 'starting';
    this.capture.setVideoMuted(on);
    this.announce(on ? 'Your camera is off.' : 'Your camera is on.');
  }

  async toggleScreen(): Promise<void> {
    if (this.capture.screen !== undefined) {
      this.capture.stopScreen();
      this.announce('You stopped sharing your screen.');
      return;
    }
    const failed = await this.capture.shareScreen();
    if (failed !== undefined) this.notify(failed);
    else if (this.capture.screen !== undefined) this.announce('You share your screen.');
  }

  /** The link by which others come here. */
  inviteLink(): string {
    const target = this.#target;
    const { screen, homeserver } = { screen: this.screen.value, homeserver: this.homeserver };
    if (target === undefined || screen.kind !== 'room') return location.href;
    const server = homeserver?.credentials.userId.replace(/^[^:]*:/, '');
    const fragment = callFragment({
      room: screen.model.room.roomId,
      confId: screen.model.room.confId,
      via: target.via.length > 0 || server === undefined ? target.via : [server],
      homeserverUrl: homeserver?.credentials.homeserverUrl,
    });
    return `${location.origin}${location.pathname}${fragment}`;
  }

  notify(reason: Problem): void {
    this.#notices += 1;
    const notice = { id: this.#notices, problem: reason };
    const others = this.notices.value.filter(other => other.problem.code !== reason.code);
    this.notices.value = [...others, notice].slice(-MOST_NOTICES);
    setTimeout(() => this.dismiss(notice.id), NOTICE_MS);
  }

  dismiss(id: number): void {
    this.notices.value = this.notices.value.filter(notice => notice.id !== id);
  }

  announce(text: string): void {
    // The same sentence twice must be read twice: a space more makes it another.
    this.announcement.value = this.announcement.value === text ? `${text} ` : text;
  }

  async #enter(credentials: Credentials | undefined): Promise<void> {
    if (credentials === undefined) return;
    saveSession({ credentials, homeserverUrl: undefined });
    this.homeserver = new Homeserver(credentials);
    const target = this.#target;
    if (target === undefined) this.#go({ kind: 'rooms' });
    else await this.openRoom(target);
  }

  async #attempt(step: () => Promise<void>): Promise<void> {
    this.problem.value = undefined;
    this.busy.value = true;
    try {
      await step();
    } catch (thrown) {
      const reason = problemOf(thrown);
      this.problem.value = reason;
      if (reason.code === 'TOKEN_REFUSED') {
        forgetSession();
        this.homeserver = undefined;
        this.capture.stop();
        this.#go({ kind: 'signIn' });
      }
    } finally {
      this.busy.value = false;
    }
  }

  #leaveRoom(): void {
    const { value } = this.screen;
    if (value.kind !== 'room') return;
    value.model.close();
    value.model.room.close();
  }

  #go(screen: Screen): void {
    this.screen.value = screen;
  }
}
