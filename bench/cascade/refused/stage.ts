/** A call over two sites, with honest people on both; hostile foci have their accounts on the second, and attack the first. */
import { inviteUser, joinRoom, sendState } from '../../../demo/call-room.ts';
import type { MatrixUser } from '../../../demo/synapse.ts';
import { memberContent } from '../../../loadtest/peers/client-messages.ts';
import { CALL_MEMBER_EVENT_TYPES } from '../../../signalling/wire/names.ts';
import { TRUNK_PATH } from '../../../signalling/wire/trunk.ts';
import { flows, joinMember, look, type Member, untilWhole } from '../lab/members.ts';
import { LabPlace, type LabRun } from '../lab/place.ts';

const COMES_WITHIN_MS = 30_000;
const CALM_MS = 8_000;
const LOOKED_AT_MS = 2_000;

export class RefusedStage implements AsyncDisposable {
  readonly place: LabPlace;
  /** alice and anna on the attacked site, bob on the other. */
  readonly members: readonly Member[];
  /** Longest gap in what they get of each other, ms. */
  readonly gapMs = { calm: 0, meanwhile: 0 };
  readonly #owned: AsyncDisposableStack;

  static async open(run: LabRun): Promise<RefusedStage> {
    await using starting = new AsyncDisposableStack();
    const place = starting.use(
      await LabPlace.start(run, {
        users: [['alice', 'anna', 'amy'], ['bob']],
        // All that is tried comes from one server.
        config: { cascade: { handshakes_per_minute: 100_000 } },
      }),
    );
    const members: Member[] = [];
    const [near, far] = place.federation.sites;
    for (const user of [...near.users.slice(0, 2), ...far.users]) {
      const member = await joinMember(place, user);
      starting.defer(() => member.peer.vanish());
      members.push(member);
    }
    await untilWhole(place, members);
    const stage = new RefusedStage(place, members, starting.move());
    await stage.must('the honest trunk is open', () => place.areTrunks('open'));
    await place.pause(LOOKED_AT_MS);
    await look(place, members);
    await place.pause(CALM_MS);
    stage.gapMs.calm = await stage.#longestGap();
    return stage;
  }

  private constructor(place: LabPlace, members: readonly Member[], owned: AsyncDisposableStack) {
    this.place = place;
    this.members = members;
    this.#owned = owned;
  }

  get room(): { roomId: string; confId: string } {
    return this.place.federation.room;
  }

  /** The focus under attack. */
  get victim(): MatrixUser {
    return this.place.federation.sites[0].focus.user;
  }

  /** Its WebSocket. */
  get trunkUrl(): string {
    return `${this.place.federation.sites[0].focus.baseUrl.replace(/^http/, 'ws')}${TRUNK_PATH}`;
  }

  /** Of the hostile ones. */
  get homeserver(): string {
    return this.place.federation.sites[1].synapse.baseUrl;
  }

  /** Somebody new on the second site, who joins the room. */
  async member(localpart: string): Promise<MatrixUser> {
    const [near, far] = this.place.federation.sites;
    const user = await far.register(localpart);
    const [creator] = near.users;
    if (creator === undefined) throw new RangeError('somebody has to invite');
    await inviteUser(near.synapse.baseUrl, creator, this.room.roomId, user.userId);
    await joinRoom(far.synapse.baseUrl, user, this.room.roomId, near.synapse.serverName);
    return user;
  }

  /** A member of the second site says that this is the focus it is on. `undefined`: it is on none any more. */
  async name(
    member: MatrixUser,
    focus: { userId: string; deviceId: string } | undefined,
    confId?: string,
  ): Promise<void> {
    const { userId, deviceId } = member;
    const call = { userId, deviceId, sessionId: 'hostile', callId: 'hostile', confId: confId ?? this.room.confId };
    const content = focus === undefined ? { 'm.calls': [] } : memberContent({ ...call, focus }, Date.now());
    const [type] = CALL_MEMBER_EVENT_TYPES;
    await sendState(this.homeserver, member, this.room.roomId, { type, stateKey: userId, content });
  }

  must(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
    return this.place.must(what, COMES_WITHIN_MS, isSo);
  }

  /** How often the attacked focus counted an outcome of handshakes. */
  async counted(outcome: string): Promise<number> {
    const [metrics] = await this.place.metrics();
    return metrics?.get(`weir_trunk_handshakes_total{outcome="${outcome}"}`) ?? 0;
  }

  /** What does not come to honest people any more, of the local call and over the honest trunk: nothing, it is to be hoped. */
  async silenced(): Promise<string[]> {
    const before = await this.#longestGap();
    await this.place.pause(LOOKED_AT_MS);
    const { crossing, local } = await look(this.place, this.members);
    const gaps = [...crossing, ...local].map(({ longestGapMs }) => longestGapMs);
    this.gapMs.meanwhile = Math.round(Math.max(this.gapMs.meanwhile, before, ...gaps));
    return [...crossing, ...local].filter(track => !flows(track)).map(({ name }) => name);
  }

  /** Open trunks of the attacked focus, and of the other one. */
  async openTrunks(): Promise<[attacked: number, other: number]> {
    const [attacked = 0, other = 0] = (await this.place.metrics()).map(
      metrics => metrics.get('weir_trunks{state="open"}') ?? 0,
    );
    return [attacked, other];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #longestGap(): Promise<number> {
    const { crossing, local } = await look(this.place, this.members);
    return Math.round(Math.max(...[...crossing, ...local].map(({ longestGapMs }) => longestGapMs)));
  }
}
