import { type CallRoom, createCallRoom, inviteUser, joinRoom, untilJoined } from './call-room.ts';
import type { Focus } from './focus.ts';
import { type Site, type SiteOptions, startSite } from './site.ts';
import type { MatrixUser } from './synapse.ts';

export interface DeploymentOptions
  extends Omit<SiteOptions, 'users' | 'pageDir' | 'prefix' | 'federation' | 'cascades'> {
  /** Folder of the built call page. */
  pageDir: string;
  /** Local parts of the users that are in the call's room from the start; the first makes it. */
  users: readonly [string, ...string[]];
  /** Whether the room is encrypted. */
  encrypted?: boolean;
}

/** A homeserver, a focus and a call room with users in it; or several of the first two. */
export interface Deployment extends Omit<Site, 'register' | 'link'> {
  /** All foci that carry the call; `focus` leads. */
  readonly foci: readonly Focus[];
  readonly room: CallRoom;
  readonly stateDir: string;
  /** Registers a user and brings it into the call's room. */
  addUser(localpart: string): Promise<MatrixUser>;
  /** Opens the call page as this user, in the call's lobby. */
  link(user: MatrixUser): string;
  /** The focus that this user connects to. */
  focusOf(user: MatrixUser): Focus;
}

/** Starts everything that a call needs. When something fails, or the signal aborts, all that was started is stopped again. */
export async function startDeployment(options: DeploymentOptions): Promise<Deployment> {
  const { stateDir, report } = options;
  await using starting = new AsyncDisposableStack();
  const site = starting.use(await startSite(options));
  const { synapse, focus, users } = site;
  const [creator = await site.register(options.users[0])] = users;

  report?.('Make a call room, and wait until the focus has joined it');
  const room = await createCallRoom({
    baseUrl: synapse.baseUrl,
    creator,
    members: users.slice(1),
    invited: [focus.user.userId],
    ...(options.encrypted && { encrypted: true }),
  });
  await untilJoined(
    { baseUrl: synapse.baseUrl, viewer: creator, roomId: room.roomId },
    { userId: focus.user.userId, logFile: focus.logFile },
    options.signal,
  );

  const owned = starting.move();
  const stop = async (): Promise<void> => {
    await owned.disposeAsync();
  };
  return {
    ...site,
    foci: [focus],
    room,
    stateDir,
    async addUser(localpart) {
      const user = await site.register(localpart);
      await inviteUser(synapse.baseUrl, creator, room.roomId, user.userId);
      await joinRoom(synapse.baseUrl, user, room.roomId);
      return user;
    },
    link: user => site.link(user, room),
    focusOf: () => focus,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
