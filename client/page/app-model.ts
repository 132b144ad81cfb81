/** The way through the page: sign in, pick a room, look in the mirror, call. */
import { type Signal, signal } from '@preact/signals';
import {
  Account,
  type Call,
  callRoomRequest,
  CallRoom,
  type Credentials,
  findHomeserver,
  loginWithAccessToken,
  loginWithPassword,
  loginWithToken,
  KeyWitness,
  type MediaPreferences,
  type Problem,
  problem,
  ProblemError,
  problemOf,
  type Shown,
  ssoUrl,
  waysToSignIn,
} from '../kit/index.ts';
import type { EnteredRoom } from './call-client.ts';
import { CallModel } from './call-model.ts';
import { forgetDeviceKeys } from './device-keys.ts';
import type { Embedding } from './embedded/address.ts';
import type { HostLine } from './embedded/host-line.ts';
import { serveHost } from './embedded/hosted-call.ts';
import { FocusChoice, type Seeker } from './focus-choice.ts';
import { callFragment, type CallTarget, type Link } from './link.ts';
import { Messages } from './messages.ts';
import { OwnMedia } from './own-media.ts';
import { forgetSession, loadSession, saveSession } from './stored-session.ts';

export type Screen =
  | { kind: 'loading'; what: string }
  | { kind: 'signIn' }
  | { kind: 'rooms' }
  /** Another app shows this page, and it did not come into the room; the problem says why. */
  | { kind: 'shut' }
  /** Lobby and call: what is seen depends on the state of the call. */
  | { kind: 'room'; model: CallModel };

const loadClient = () => import('./call-client.ts');

interface Entered extends EnteredRoom {
  /** Lets whoever shows us know of the call. Returns what ends that. */
  serve?(model: CallModel): () => void;
}

const NO_TARGET = { confId: undefined, via: [], homeserverUrl: undefined } as const satisfies Partial<CallTarget>;

export class AppModel {
  readonly screen: Signal<Screen> = signal({ kind: 'loading', what: 'Starting' });
  readonly problem: Signal<Problem | undefined> = signal(undefined);
  readonly busy = signal(false);
  readonly messages = new Messages();
  readonly media: OwnMedia;
  readonly foci: FocusChoice;
  /** Set by the grid: how a new tile would be drawn. */
  guessSize: () => Shown = () => ({ width: 640, height: 360 });
  account: Account | undefined;
  #target: CallTarget | undefined;
  readonly #preferences: MediaPreferences | undefined;
  #autojoin: boolean;
  /** For checks of encryption, where the link asks for it. */
  readonly witness: KeyWitness | undefined;
  /** The client is large: it comes while the person signs in, or picks a room. */
  readonly #loading: ReturnType<typeof loadClient> | undefined;
  #entered: EnteredRoom | undefined;
  #stopServing: (() => void) | undefined;
  /** Another app shows this page: it says who we are and where, and there is nowhere else to go. */
  readonly isEmbedded: boolean;

  constructor(link: Link, isEmbedded = false) {
    this.isEmbedded = isEmbedded;
    this.#loading = isEmbedded ? undefined : loadClient();
    const stored = loadSession();
    const video = link.video ?? stored.video;
    this.#preferences = link.media ?? stored.media;
    this.media = new OwnMedia({ video, messages: this.messages, ours: () => (this.inCall ? this.#model : undefined) });
    this.#target = link.target;
    this.#autojoin = link.autojoin;
    this.witness = link.witness ? new KeyWitness() : undefined;
    if (link.credentials !== undefined && !isEmbedded) saveSession({ credentials: link.credentials });
    const named = link.focus ?? stored.focus;
    saveSession({ focus: named, video, media: this.#preferences });
    // Whoever needs it is told.
    this.#loading?.catch(() => undefined);
    this.foci = new FocusChoice({ named, toDeviceOnly: link.toDeviceOnly, asked: () => this.call?.prepare() });
  }

  get target(): CallTarget | undefined {
    return this.#target;
  }

  /** Where the link and what the tab remembers lead. */
  start(loginToken: string | undefined): void {
    const { homeserverUrl, credentials } = loadSession();
    this.#act(async () => {
      if (loginToken !== undefined && homeserverUrl !== undefined) {
        await this.#enter(await loginWithToken(homeserverUrl, loginToken));
      } else if (credentials !== undefined) await this.#enter(credentials);
      else this.#go({ kind: 'signIn' });
    });
  }

  /** Enters the room that the host shows us in. */
  startEmbedded(embedding: Embedding, line: HostLine): void {
    const { userId, homeserverUrl, roomId } = embedding;
    this.#act(() =>
      this.#openCall({ userId, homeserverUrl }, { ...NO_TARGET, room: roomId }, async () => {
        const { enterAsWidget } = await import('./embedded/widget-client.ts');
        const entered = await enterAsWidget(embedding, line);
        return { ...entered, serve: model => serveHost(entered.host, this, model.state) };
      }),
    );
  }

  /** The address of an embedded page does not say enough. */
  refuseAddress(missing: readonly string[]): void {
    this.problem.value = problem('HOST_UNKNOWN', `Missing: ${missing.join(', ')}`);
    this.#go({ kind: 'shut' });
  }

  /** `server`: as typed; where it is empty, that of the user id or of the focus. */
  signIn(server: string, user: string, password: string): void {
    this.#act(async () => this.#enter(await loginWithPassword(await findHomeserver(server), user, password)));
  }

  signInWithToken(server: string, token: string): void {
    this.#act(async () => this.#enter(await loginWithAccessToken(await findHomeserver(server), token.trim())));
  }

  /** Goes to the homeserver's page for logins by another site. */
  signInElsewhere(server: string): void {
    this.#act(async () => {
      const url = await findHomeserver(server);
      if (!(await waysToSignIn(url)).sso) {
        throw new ProblemError(problem('LOGIN_REFUSED', 'This homeserver offers no sign-in by another site.'));
      }
      saveSession({ homeserverUrl: url, fragment: location.hash });
      location.assign(ssoUrl(url, `${location.origin}${location.pathname}`));
    });
  }

  signOut(): void {
    this.#leaveRoom();
    this.media.capture.stop();
    forgetSession();
    this.#target = undefined;
    history.replaceState(null, '', location.pathname);
    const { account } = this;
    this.account = undefined;
    this.problem.value = undefined;
    this.#go({ kind: 'signIn' });
    // The token may be refused already; what counts is that this tab forgot it.
    account?.logout().catch(() => undefined);
    if (account !== undefined) forgetDeviceKeys(account.self).catch(() => undefined);
  }

  showRooms(): void {
    this.#leaveRoom();
    this.media.capture.stop();
    this.#target = undefined;
    history.replaceState(null, '', location.pathname);
    this.problem.value = undefined;
    this.#go({ kind: 'rooms' });
  }

  openRoom(target: CallTarget): void {
    this.#act(() => this.#openRoom(target));
  }

  /** Makes a room in which everybody may join calls, with the focus in it, and enters it. */
  makeRoom(name: string, open: boolean, invite: string[]): void {
    const { account } = this;
    if (account === undefined) return;
    this.#act(async () => {
      const fallback = await this.foci.fallback();
      const focus = (await this.foci.pick(account.credentials, async () => [])) ?? fallback;
      const confId = crypto.randomUUID();
      const guests = focus === undefined ? invite : [...invite, focus.userId];
      const room = await account.createRoom(callRoomRequest({ name, open, invite: guests, confId }));
      await this.#openRoom({
        room,
        confId,
        via: serversOf(room),
        homeserverUrl: account.credentials.homeserverUrl,
      });
    });
  }

  get call(): Call | undefined {
    return this.#model?.call;
  }

  get inCall(): boolean {
    const kind = this.call?.state.kind;
    return kind === 'joining' || kind === 'connected' || kind === 'reconnecting';
  }

  /** Lets every member of the room join calls; where the homeserver refuses, the person is told. */
  allowCalls(): void {
    this.#model?.room.allowCalls().catch((thrown: unknown) => this.messages.notify(problemOf(thrown)));
  }

  /** What a click on "Join" does. */
  join(): void {
    const { call } = this;
    if (call === undefined) return;
    this.media.resume();
    call.join();
  }

  leave(): void {
    this.call?.leave();
  }

  /** The link by which others come here. */
  inviteLink(): string {
    const target = this.#target;
    const model = this.#model;
    const { account } = this;
    if (target === undefined || model === undefined) return location.href;
    const fragment = callFragment({
      room: model.room.roomId,
      confId: model.room.confId,
      via: target.via.length > 0 || account === undefined ? target.via : serversOf(account.self.userId),
      homeserverUrl: account?.credentials.homeserverUrl,
    });
    return `${location.origin}${location.pathname}${fragment}`;
  }

  /** Of the room that we are in: lobby or call. */
  get #model(): CallModel | undefined {
    const { value } = this.screen;
    return value.kind === 'room' ? value.model : undefined;
  }

  async #enter(credentials: Credentials): Promise<void> {
    saveSession({ credentials, homeserverUrl: undefined });
    this.account = new Account(credentials);
    if (this.#target === undefined) this.#go({ kind: 'rooms' });
    else await this.#openRoom(this.#target);
  }

  async #openRoom(target: CallTarget): Promise<void> {
    const { account } = this;
    if (account === undefined || this.#loading === undefined) return;
    const { credentials } = account;
    const loading = this.#loading;
    await this.#openCall(credentials, target, async () => {
      const { enterRoom } = await loading;
      return enterRoom(credentials, target.room, target.via);
    });
  }

  async #openCall(seeker: Seeker, target: CallTarget, enter: () => Promise<Entered>): Promise<void> {
    this.#target = target;
    this.#go({ kind: 'loading', what: 'Entering the room' });
    this.media.startFresh();
    const focus = await this.foci.fallback();
    const entered = await enter();
    this.#entered = entered;
    const room = await CallRoom.open({
      homeserver: entered.homeserver,
      roomId: entered.roomId,
      confId: target.confId,
      focus,
      pickFocus: others => this.foci.pick(seeker, others),
    });
    const model = new CallModel({
      room,
      capture: this.media.capture,
      guessSize: () => this.guessSize(),
      doorOf: ref => this.foci.doorOf(ref),
      ...(this.#preferences === undefined ? {} : { preferences: this.#preferences }),
      ...(this.witness === undefined ? {} : { witness: this.witness }),
      notice: reason => this.messages.notify(reason),
      announce: text => this.messages.announce(text),
    });
    if (!this.isEmbedded) history.replaceState(null, '', callFragment({ ...target, room: room.roomId }));
    this.#go({ kind: 'room', model });
    this.#stopServing = entered.serve?.(model);
    if (!this.#autojoin) return;
    this.#autojoin = false;
    this.join();
  }

  /** Does something that may fail, and shows the problem where it belongs. */
  #act(step: () => Promise<void>): void {
    this.problem.value = undefined;
    this.busy.value = true;
    step()
      .catch((thrown: unknown) => this.#failed(problemOf(thrown)))
      .finally(() => {
        this.busy.value = false;
      });
  }

  #failed(reason: Problem): void {
    this.problem.value = reason;
    const { account } = this;
    if (reason.code === 'TOKEN_REFUSED') {
      forgetSession();
      this.account = undefined;
    }
    if (this.screen.value.kind !== 'loading') return;
    this.media.capture.stop();
    this.#closeClient();
    if (this.account === undefined && account !== undefined) forgetDeviceKeys(account.self).catch(() => undefined);
    if (this.isEmbedded) this.#go({ kind: 'shut' });
    else this.#go({ kind: this.account === undefined ? 'signIn' : 'rooms' });
  }

  #leaveRoom(): void {
    const model = this.#model;
    if (model === undefined) return;
    model.close();
    model.room.close();
    this.#closeClient();
  }

  #closeClient(): void {
    this.#stopServing?.();
    this.#stopServing = undefined;
    this.#entered?.close();
    this.#entered = undefined;
  }

  #go(screen: Screen): void {
    this.screen.value = screen;
  }
}

/** The server in a Matrix id, as a way to its room; rooms of newer versions name none. */
function serversOf(id: string): string[] {
  const match = /^[^:]+:(.+)$/.exec(id);
  return match?.[1] === undefined ? [] : [match[1]];
}
