/** A room that we are in, kept up to date, and whether a call can be held there. */
import type { StateEvent, ToDeviceMessage } from './homeserver-answers.ts';
import type { FollowedRoom, Homeserver } from './homeserver.ts';
import { IceServers } from './ice-servers.ts';
import { type Problem, problem, problemOf } from './problems.ts';
import {
  CALL_CONTENT,
  chooseFocus,
  type Device,
  devicesInCall,
  isEncrypted,
  levelsThatAllowCalls,
  mayJoinCalls,
  maySetState,
  memberContentWith,
  memberContentWithout,
  permissionsIn,
  roomNameOf,
  type RoomState,
  runningConference,
  withEvents,
} from './room.ts';
import {
  CALL_EVENT_TYPES,
  CALL_MEMBER_EVENT_TYPES,
  type FocusRef,
  mayModerateFloor,
  mayPublish,
  type Permissions,
  type PublishedKind,
} from './wire.ts';

export interface CallRoomOptions {
  homeserver: Homeserver;
  /** A room that we are in. */
  roomId: string;
  /** The call to join; where it is missing, the one that runs. */
  confId: string | undefined;
  /** The focus of this page. */
  focus: FocusRef | undefined;
  /**
   * Looks for the focus of one's own operator, given the foci that members use; resolves to nothing where there is none, and the
   * call is held where the others are. Never rejects. Without it nobody looks.
   */
  pickFocus?: (others: () => Promise<readonly FocusRef[]>) => Promise<FocusRef | undefined>;
}

/** How long entering a room waits for a focus that is looked for, beyond the room's state. */
const PICK_PATIENCE_MS = 3_000;

/** How long entering a room waits for the homeserver's relays, beyond its state: most networks need none. */
const TURN_PATIENCE_MS = 1_000;

export class CallRoom {
  readonly homeserver: Homeserver;
  readonly roomId: string;
  readonly #options: CallRoomOptions;
  readonly #followed: FollowedRoom;
  readonly #changes = new Set<() => void>();
  readonly #messages = new Set<(message: ToDeviceMessage) => void>();
  readonly #names = new Map<string, string>();
  #state: RoomState = new Map();
  #confId: string | undefined;
  #removed = false;
  #trouble: Problem | undefined;
  #focusProblem: Problem | undefined;
  #picked: FocusRef | undefined;
  readonly #ice: IceServers;

  private constructor(options: CallRoomOptions) {
    this.#options = options;
    this.homeserver = options.homeserver;
    this.roomId = options.roomId;
    this.#confId = options.confId;
    this.#ice = new IceServers(
      () => options.homeserver.iceServers(),
      () => this.#changed(),
    );
    this.#followed = options.homeserver.follow(options.roomId, {
      toDevice: message => {
        for (const listener of this.#messages) listener(message);
      },
      state: events => this.#take(events),
      trouble: reason => {
        this.#trouble = reason;
        this.#changed();
      },
      removed: () => {
        this.#removed = true;
        this.#changed();
      },
    });
  }

  /** Reads the room's state. Rejects with a ProblemError. What can wait for later goes on behind. */
  static async open(options: CallRoomOptions): Promise<CallRoom> {
    const room = new CallRoom(options);
    try {
      const stateKnown = Promise.all([room.#followed.known, room.#readCreation()]);
      const picked = room.#pickFocus(stateKnown);
      await stateKnown;
      await Promise.all([room.#ice.known(TURN_PATIENCE_MS), picked]);
    } catch (thrown) {
      room.close();
      throw thrown;
    }
    room.#bringFocus().catch((thrown: unknown) => room.#focusIsMissing(thrown));
    return room;
  }

  get self(): Device {
    return this.homeserver.self;
  }
  get name(): string | undefined {
    return roomNameOf(this.#state);
  }
  get confId(): string | undefined {
    return this.#confId ?? runningConference(this.#state);
  }
  /** Whether the room asks its members to encrypt. */
  get isEncrypted(): boolean {
    return isEncrypted(this.#state);
  }
  get iceServers(): RTCIceServer[] {
    return this.#ice.servers;
  }
  /** The homeserver does not answer, or worse. */
  get trouble(): Problem | undefined {
    return this.#trouble;
  }
  /** Where the call would be held now: at the focus of our own operator, which carries it to the others', else where all meet. */
  get focus(): FocusRef | undefined {
    if (this.#picked !== undefined) return this.#picked;
    const { confId } = this;
    const ours = this.#options.focus;
    return confId === undefined ? ours : chooseFocus(this.#state, confId, this.self, ours, Date.now());
  }
  /** Whether the call is held at a focus that was picked for us, while others may be at foci of theirs. */
  get isFocusOurs(): boolean {
    return this.#picked !== undefined;
  }
  /** Whoever the room says is in the call, except this device. */
  get devicesThere(): Device[] {
    const { confId, self } = this;
    if (confId === undefined) return [];
    return devicesInCall(this.#state, confId, Date.now()).filter(
      device => device.userId !== self.userId || device.deviceId !== self.deviceId,
    );
  }
  /** Why no call can be held here by us; `undefined` where it can. */
  get obstacle(): Problem | undefined {
    if (this.#removed) return problem('REMOVED_FROM_ROOM');
    if (!mayJoinCalls(this.#state, this.self.userId)) return problem('CALL_FORBIDDEN');
    if (this.confId === undefined && !maySetState(this.#state, this.self.userId, CALL_EVENT_TYPES[0])) {
      return problem(
        'CALL_FORBIDDEN',
        'No call runs here, and you may not start one.',
        'Wait for a moderator to start the call, or ask for the permission org.matrix.msc3401.call.',
      );
    }
    if (this.focus === undefined) return problem('FOCUS_UNKNOWN');
    return this.#focusProblem;
  }
  /** Whether the room lets us publish the kind. */
  mayPublish(kind: PublishedKind): boolean {
    return mayPublish(this.#permissions, this.self.userId, kind);
  }
  /** Whether one speaks at a time, and the others wait for the floor. */
  get hasFloor(): boolean {
    return this.#permissions.floor !== undefined;
  }
  /** Whether we may take the floor from others. */
  get mayModerateFloor(): boolean {
    return mayModerateFloor(this.#permissions, this.self.userId);
  }
  /** Whether we may lift the obstacle CALL_FORBIDDEN ourselves. */
  get mayAllowCalls(): boolean {
    return maySetState(this.#state, this.self.userId, 'm.room.power_levels');
  }

  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  onMessage(listener: (message: ToDeviceMessage) => void): () => void {
    this.#messages.add(listener);
    return () => this.#messages.delete(listener);
  }

  /** Name to show for a user; asked from the homeserver the first time, told by `onChange`. */
  nameOf(userId: string): string {
    const known = this.#names.get(userId);
    if (known !== undefined) return known;
    const fallback = userId.replace(/^@/, '').replace(/:.*$/, '');
    this.#names.set(userId, fallback);
    this.homeserver
      .displayName(this.roomId, userId)
      .then(name => {
        if (name === undefined || name === fallback) return;
        this.#names.set(userId, name);
        this.#changed();
      })
      .catch(() => undefined);
    return fallback;
  }

  /** The conference to join; announces a new one where none runs. */
  async ensureConference(): Promise<string> {
    const running = this.confId;
    if (running !== undefined) return running;
    const confId = crypto.randomUUID();
    await this.homeserver.putState(this.roomId, CALL_EVENT_TYPES[0], confId, CALL_CONTENT);
    this.#confId = confId;
    return confId;
  }

  /** Tells the room that this device is in the call; to be repeated within the hour. */
  async announce(confId: string, sessionId: string, focus: FocusRef, purposes: string[]): Promise<void> {
    const own = { ...this.self, confId, sessionId, focus, purposes };
    await this.#putMember(memberContentWith(this.#state, own, Date.now()));
  }

  async withdraw(options: { keepAlive?: boolean } = {}): Promise<void> {
    await this.#putMember(memberContentWithout(this.#state, this.self, Date.now()), options);
  }

  /** Lets every member join calls. */
  async allowCalls(): Promise<void> {
    await this.homeserver.putState(this.roomId, 'm.room.power_levels', '', levelsThatAllowCalls(this.#state));
  }

  invite(userId: string): Promise<void> {
    return this.homeserver.invite(this.roomId, userId);
  }

  close(): void {
    this.#followed.close();
    this.#ice.close();
    this.#changes.clear();
    this.#messages.clear();
  }

  /** What comes too late is not taken: a call that has begun stays where it is. */
  async #pickFocus(stateKnown: Promise<unknown>): Promise<void> {
    const looking = this.#options.pickFocus?.(async () => {
      await stateKnown;
      return this.#fociThere();
    });
    if (looking === undefined) return;
    const late = Promise.withResolvers<undefined>();
    const startClock = (): void => {
      timer = setTimeout(late.resolve, PICK_PATIENCE_MS, undefined);
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    stateKnown.then(startClock, () => late.resolve(undefined));
    this.#picked = await Promise.race([looking.catch(() => undefined), late.promise]);
    clearTimeout(timer);
  }

  /** Foci of those in the call, who came first leading. */
  #fociThere(): FocusRef[] {
    const { confId } = this;
    const foci =
      confId === undefined ? [] : devicesInCall(this.#state, confId, Date.now()).map(({ foci: { active } }) => active);
    const distinct = new Map(foci.flat().map(focus => [JSON.stringify([focus.userId, focus.deviceId]), focus]));
    return [...distinct.values()];
  }

  get #permissions(): Permissions {
    return permissionsIn(this.#state, this.confId);
  }

  async #putMember(content: object, options: { keepAlive?: boolean } = {}): Promise<void> {
    await this.homeserver.putState(this.roomId, CALL_MEMBER_EVENT_TYPES[0], this.self.userId, content, options);
  }

  /** Some homeservers (Synapse) leave it out of the sync of one room where it has no room_id: from room version 12 on (MSC4291). */
  async #readCreation(): Promise<void> {
    const creation = await this.homeserver.creation(this.roomId).catch(() => undefined);
    if (creation !== undefined) this.#take([creation]);
  }

  /** Invites the focus of this page where it is needed and missing. */
  async #bringFocus(): Promise<void> {
    const { focus } = this;
    if (focus === undefined) return;
    const membership = await this.homeserver.membership(this.roomId, focus.userId);
    if (membership !== 'join' && membership !== 'invite') await this.invite(focus.userId);
  }

  #focusIsMissing(thrown: unknown): void {
    const remedy = `Somebody who may invite has to invite ${this.focus?.userId ?? 'it'}.`;
    this.#focusProblem = problem('FOCUS_NOT_IN_ROOM', problemOf(thrown).detail, remedy);
    this.#changed();
  }

  #take(events: StateEvent[]): void {
    this.#state = withEvents(this.#state, events);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#changes) listener();
  }
}
