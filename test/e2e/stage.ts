import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CallRoom, type CallRoomOptions, createCallRoom } from '../../demo/call-room.ts';
import { type Focus, type FocusOptions, startFocus } from '../../demo/focus.ts';
import { matrixRequest } from '../../demo/matrix-api.ts';
import { type MatrixUser, startSynapse, type Synapse, type SynapseOptions } from '../../demo/synapse.ts';
import { LightPeer, type LightPeerOptions } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { type Address, candidateOf } from '../../loadtest/peers/via-relay.ts';

/** Longest wait for what has no bound of its own: a busy machine is slow, and must not fail a test. */
export const WAIT_MS = 45_000;

/** A homeserver and a focus of a test file's own. Tests play on it in scenes, several at a time where they like. */
export class Stage {
  readonly synapse: Synapse;
  readonly focus: Focus;
  /** Makes the rooms. */
  readonly host: MatrixUser;
  readonly #directory: string;
  readonly #users: MatrixUser[] = [];
  readonly #free: MatrixUser[] = [];
  #registering: Promise<unknown> = Promise.resolve();

  /** @param way how the focus reaches the homeserver: where it does by something in between, the URL of that */
  static async start(
    options: Partial<FocusOptions> = {},
    homeserver: Omit<SynapseOptions, 'stateDir'> = {},
    way: (homeserverUrl: string) => Promise<string> = async url => url,
  ): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), 'weir-e2e-'));
    const synapse = await startSynapse({ ...homeserver, stateDir: join(directory, 'synapse') });
    try {
      const host = await synapse.registerUser({ localpart: 'host', deviceId: 'HOSTDEV' });
      const user = await synapse.registerUser({ localpart: 'focus', deviceId: 'FOCUSDEV' });
      const focus = await startFocus({
        stateDir: join(directory, 'focus'),
        homeserverUrl: await way(synapse.baseUrl),
        user,
        logLevel: 'debug',
        ...options,
        // The machine is busy with peers and browsers: nobody is to be refused for that.
        config: { overload: { enabled: false }, ...options.config },
      });
      return new Stage(directory, synapse, focus, host);
    } catch (error) {
      await synapse.stop();
      throw error;
    }
  }

  private constructor(directory: string, synapse: Synapse, focus: Focus, host: MatrixUser) {
    this.#directory = directory;
    this.synapse = synapse;
    this.focus = focus;
    this.host = host;
  }

  scene(): Scene {
    return new Scene(this);
  }

  /** A user whom no other scene has: two sync loops of one device would take each other's messages. */
  async takeUser(): Promise<MatrixUser> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    // One after the other: the homeserver's database takes one writer.
    const made = this.#registering.then(async () => {
      const name = `user${this.#users.length + 1}`;
      const user = await this.synapse.registerUser({ localpart: name, deviceId: `${name.toUpperCase()}DEV` });
      this.#users.push(user);
      return user;
    });
    this.#registering = made.catch(() => undefined);
    return made;
  }

  giveUser(user: MatrixUser): void {
    this.#free.push(user);
  }

  async untilFocusIn(roomId: string): Promise<void> {
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      const answer = await matrixRequest(this.synapse.baseUrl, {
        method: 'GET',
        path: `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/joined_members`,
        accessToken: this.host.accessToken,
      });
      if (JSON.stringify(answer).includes(JSON.stringify(this.focus.user.userId))) return;
      if (performance.now() > deadline) throw new Error('the focus did not join the room that it was invited to');
      await delay(50);
    }
  }

  /** A page of the focus: its status, and its body as text. */
  async get(path: string): Promise<{ status: number; body: string }> {
    const answer = await fetch(`${this.focus.baseUrl}${path}`, { signal: AbortSignal.timeout(5_000) });
    return { status: answer.status, body: await answer.text() };
  }

  focusLog(): Promise<string> {
    return readFile(this.focus.logFile, 'utf8');
  }

  /** Stops everything. Rejects where the focus wrote a secret into its log, or something that it did not expect. */
  async end(): Promise<void> {
    const died = this.focus.ended();
    await this.focus.stop();
    await this.synapse.stop();
    const log = await this.focusLog();
    await rm(this.#directory, { recursive: true, force: true });
    if (died !== undefined) throw new Error(`the focus had ended by itself: ${died}`);
    for (const user of [this.host, this.focus.user, ...this.#users]) {
      if (log.includes(user.accessToken)) throw new Error(`the focus logged the token of ${user.userId}`);
    }
    for (const secret of ['ice-pwd', 'WEIR_INTERNAL', 'unhandled', 'Unhandled']) {
      const line = log.split('\n').find(candidate => candidate.includes(secret));
      if (line !== undefined) throw new Error(`the focus logged "${secret}": ${line.slice(0, 500)}`);
    }
  }
}

/** The users, rooms and peers of one test; disposing of it ends the peers. */
export class Scene {
  readonly stage: Stage;
  readonly #users: MatrixUser[] = [];
  readonly #peers: LightPeer[] = [];

  constructor(stage: Stage) {
    this.stage = stage;
  }

  async users<const Count extends number>(count: Count): Promise<Users<Count>> {
    const users: MatrixUser[] = [];
    while (users.length < count) {
      const user = await this.stage.takeUser();
      users.push(user);
      this.#users.push(user);
    }
    return users as Users<Count>;
  }

  /** A call room that its members and the focus have joined. */
  async callRoom(members: readonly MatrixUser[], options: Partial<CallRoomOptions> = {}): Promise<CallRoom> {
    const { synapse, host, focus } = this.stage;
    const room = await createCallRoom({
      baseUrl: synapse.baseUrl,
      creator: host,
      members,
      invited: [focus.user.userId],
      confId: randomUUID(),
      ...options,
    });
    await this.stage.untilFocusIn(room.roomId);
    return room;
  }

  /** A peer that has not joined yet. */
  peer(user: MatrixUser, room: CallRoom, options: Partial<LightPeerOptions> = {}): LightPeer {
    const { userId, deviceId } = this.stage.focus.user;
    const baseUrl = this.stage.synapse.baseUrl;
    const peer = new LightPeer({ baseUrl, user, focus: { userId, deviceId }, room, ...options });
    this.#peers.push(peer);
    return peer;
  }

  /** Peers of these users that have joined, each receiving all others. */
  async call<const U extends readonly MatrixUser[]>(room: CallRoom, users: U): Promise<{ [K in keyof U]: LightPeer }> {
    const peers = users.map(user => this.peer(user, room));
    await Promise.all(peers.map(peer => peer.join()));
    await whole(peers);
    return peers as { [K in keyof U]: LightPeer };
  }

  /** Where the focus listens for media: a light peer of this user, who is not in the call afterwards, hears it in its answer. */
  async focusAddress(user: MatrixUser, room: CallRoom): Promise<Address> {
    let found: Address | undefined;
    const scout = this.peer(user, room, {
      unlisted: true,
      viewsOnly: true,
      rewriteCandidates: sdp => {
        found ??= candidateOf(sdp);
        return sdp;
      },
    });
    await scout.join();
    await until('the focus is found', WAIT_MS, () => found !== undefined);
    await scout.leave();
    if (found === undefined) throw new Error('the focus tells no candidate');
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#peers.map(peer => (peer.hangup === undefined ? peer.leave() : peer.vanish())));
    for (const user of this.#users) this.stage.giveUser(user);
  }
}

/** As many as were asked for, where that is a literal. */
type Users<Count extends number, List extends MatrixUser[] = []> = number extends Count
  ? MatrixUser[]
  : List['length'] extends Count
    ? List
    : Users<Count, [...List, MatrixUser]>;

/** Waits until everybody has received every track of everybody else; gives how long that took in ms. */
export function whole(peers: readonly LightPeer[], withinMs = WAIT_MS): Promise<number> {
  return until('everybody receives everybody', withinMs, () => {
    const ended = peers.find(peer => peer.hangup !== undefined);
    if (ended?.hangup !== undefined)
      return `${ended.call.userId} was hung up: ${ended.hangup.code ?? ended.hangup.reason}`;
    const missing = peers.map(peer => peer.missing(peers).length);
    if (missing.every(count => count === 0)) return true;
    const errors = peers.flatMap(peer => [...peer.seen.errors.map(error => error.code), ...peer.seen.unreadable]);
    return `tracks missing at each: ${missing.join(' ')}; ${errors.join('; ')}`;
  });
}

/** Waits until media flows anew between all peers: what was counted before does not count. */
export function wholeAgain(peers: readonly LightPeer[], withinMs = WAIT_MS): Promise<number> {
  for (const peer of peers) peer.resetCounts();
  return whole(peers, withinMs);
}

/** Asks until it holds; rejects after WAIT_MS. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${WAIT_MS} ms: ${what}`);
    await delay(100);
  }
}

/** Figures for whoever reads the output of the tests. */
export function report(what: string, figures: Record<string, number | string>): void {
  const text = Object.entries(figures).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? Math.round(value) : value}`,
  );
  process.stderr.write(`    ${what}: ${text.join(', ')}\n`);
}
