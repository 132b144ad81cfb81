import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../setup/failure.mjs';
import { type CallRoom, createCallRoom, joinedMembers, joinRoom, inviteUser } from './call-room.ts';
import { type Focus, type FocusOptions, startFocus } from './focus.ts';
import { type MatrixUser, startSynapse, type Synapse } from './synapse.ts';

export interface DeploymentOptions {
  /** Folder of all state and logs; made when missing. The caller removes it. */
  stateDir: string;
  /** Python that has Synapse. */
  synapsePython: string;
  /** Executable of the mediasoup worker. */
  workerBin: string;
  /** Folder of the built call page. */
  pageDir: string;
  /** Local parts of the users that are in the call's room from the start; the first makes it. */
  users: readonly [string, ...string[]];
  /** Preferred ports; any where they are in use, or not given. */
  ports?: { homeserver?: number; page?: number };
  /** Where everything listens; loopback otherwise. */
  address?: string;
  /** More for homeserver.yaml. */
  homeserverConfig?: Record<string, unknown>;
  /** More for weir.yaml: see FocusOptions. */
  config?: FocusOptions['config'];
  signal?: AbortSignal;
  /** What is being done. */
  report?: (step: string) => void;
}

/** A homeserver, a focus and a call room with users in it. */
export interface Deployment {
  readonly synapse: Synapse;
  readonly focus: Focus;
  readonly room: CallRoom;
  /** In the order of the options. */
  readonly users: readonly MatrixUser[];
  readonly stateDir: string;
  /** Registers a user and brings it into the call's room. */
  addUser(localpart: string): Promise<MatrixUser>;
  /** Opens the call page as this user, in the call's lobby. */
  link(user: MatrixUser): string;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export const FOCUS_DEVICE_ID = 'FOCUS';
const FOCUS_JOINS_WITHIN_MS = 15_000;
const POLL_MS = 50;

/** Starts everything that a call needs. When something fails, or the signal aborts, all that was started is stopped again. */
export async function startDeployment(options: DeploymentOptions): Promise<Deployment> {
  const { stateDir, signal, report } = options;
  const interruptible = signal && { signal };
  await using starting = new AsyncDisposableStack();

  report?.('Start Synapse');
  const synapse = starting.use(
    await startSynapse({
      stateDir: join(stateDir, 'synapse'),
      python: options.synapsePython,
      port: options.ports?.homeserver ?? 0,
      ...(options.address !== undefined && { bindAddress: options.address }),
      ...(options.homeserverConfig && { config: options.homeserverConfig }),
      ...interruptible,
    }),
  );

  report?.('Make users and a call room');
  const focusUser = await synapse.registerUser({ localpart: 'focus', deviceId: FOCUS_DEVICE_ID, displayName: 'Focus' });
  const register = (localpart: string): Promise<MatrixUser> =>
    synapse.registerUser({ localpart, displayName: capitalised(localpart) });
  const creator = await register(options.users[0]);
  const users = [creator, ...(await Promise.all(options.users.slice(1).map(register)))];
  const room = await createCallRoom({
    baseUrl: synapse.baseUrl,
    creator,
    members: users.slice(1),
    invited: [focusUser.userId],
  });
  signal?.throwIfAborted();

  report?.('Start the focus');
  const focus = starting.use(
    await startFocus({
      stateDir: join(stateDir, 'focus'),
      homeserverUrl: synapse.baseUrl,
      user: focusUser,
      pageDir: options.pageDir,
      workerBin: options.workerBin,
      httpPort: options.ports?.page ?? 0,
      ...(options.address !== undefined && { httpHost: options.address, mediaListen: [{ ip: options.address }] }),
      ...(options.config && { config: options.config }),
      ...interruptible,
    }),
  );
  report?.('Wait until the focus has joined the room');
  await untilJoined(synapse, creator, room, focus, signal);

  const owned = starting.move();
  const stop = async (): Promise<void> => {
    await owned.disposeAsync();
  };
  return {
    synapse,
    focus,
    room,
    users,
    stateDir,
    async addUser(localpart) {
      const user = await register(localpart);
      await inviteUser(synapse.baseUrl, creator, room.roomId, user.userId);
      await joinRoom(synapse.baseUrl, user, room.roomId);
      return user;
    },
    link: user => demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user, room, focusUser }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function untilJoined(
  synapse: Synapse,
  viewer: MatrixUser,
  room: CallRoom,
  focus: Focus,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + FOCUS_JOINS_WITHIN_MS;
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    if ((await joinedMembers(synapse.baseUrl, viewer, room.roomId)).includes(focus.user.userId)) return;
    await delay(POLL_MS);
  }
  throw new Failure(
    `The focus did not join the room within ${FOCUS_JOINS_WITHIN_MS / 1000} s.`,
    `Its log tells what it did with the invite: ${focus.logFile}`,
  );
}

export interface LinkParts {
  page: string;
  homeserver: string;
  user: MatrixUser;
  room: CallRoom;
  focusUser: MatrixUser;
}

/** A link into the call. The credentials stand behind the #: browsers send nothing of that to a server. */
export function demoLink({ page, homeserver, user, room, focusUser }: LinkParts): string {
  const query = new URLSearchParams({
    hs: homeserver,
    user: user.userId,
    token: user.accessToken,
    device: user.deviceId,
    room: room.roomId,
    conf: room.confId,
    focus_user: focusUser.userId,
    focus_device: focusUser.deviceId,
  });
  return `${page}/#/demo?${query.toString()}`;
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
