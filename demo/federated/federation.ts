import { join } from 'node:path';
import { Failure } from '../../setup/failure.mjs';
import { type CallRoom, createCallRoom, inviteUser, joinRoom, untilJoined } from '../call-room.ts';
import { findFreePort } from '../free-port.ts';
import { type Site, type SiteOptions, startSite } from '../site.ts';
import { urlHost } from '../synapse-config.ts';
import { makeCertificates } from './certificates.ts';

/** Where one site runs. */
export interface SitePlace {
  /** Its own address; loopback otherwise. */
  address?: string;
  /** Put before its commands, such as ['ip', 'netns', 'exec', 'far']. */
  prefix?: readonly string[];
  /** Preferred ports; any where they are in use, or not given. */
  ports?: { homeserver?: number; page?: number; federation?: number };
  /** Local parts of its users. */
  users: readonly [string, ...string[]];
  /** Where its focus is dialled by the other one: something in between, which carries it on. Itself otherwise. */
  trunkUrl?: string;
}

export interface FederationOptions
  extends Pick<SiteOptions, 'stateDir' | 'synapsePython' | 'workerBin' | 'pageDir' | 'config' | 'signal' | 'report'> {
  /** In turn; the first user of the first makes the room. */
  places: readonly [SitePlace, SitePlace];
  /** Who may publish in the room's calls: content of `org.weir.call.permissions`. */
  permissions?: Record<string, unknown>;
  /** Whether the room is encrypted. */
  encrypted?: boolean;
}

/** Two operators: a homeserver that federates with the other's, a focus and users each, and one room of all of them. */
export interface Federation {
  readonly sites: readonly [Site, Site];
  readonly room: CallRoom;
  readonly stateDir: string;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/** Starts both sites and brings users and foci into one room. When something fails, all that was started is stopped again. */
export async function startFederation(options: FederationOptions): Promise<Federation> {
  const { places, stateDir, report, signal } = options;
  await using starting = new AsyncDisposableStack();
  const addresses = places.map(({ address = LOOPBACK }) => address);

  report?.('Make certificates');
  const certificates = await makeCertificates({
    python: options.synapsePython,
    folder: join(stateDir, 'certificates'),
    addresses: [...new Set(addresses)],
    ...(signal && { signal }),
  });
  const servers: { port: number; name: string }[] = [];
  for (const place of places) {
    const port = await portBeside(servers, place);
    servers.push({ port, name: `${urlHost(place.address ?? LOOPBACK)}:${port}` });
  }
  const names = servers.map(({ name }) => name);

  const start = async (index: 0 | 1): Promise<Site> => {
    const { address = LOOPBACK, prefix, ports, users, trunkUrl } = places[index];
    return startSite({
      ...options,
      stateDir: join(stateDir, SITE_NAMES[index]),
      users,
      address,
      ...(prefix && { prefix }),
      ...(ports && { ports }),
      federation: {
        port: servers[index]?.port ?? 0,
        ...certificates.of(address),
        caFile: certificates.caFile,
        servers: names,
      },
      cascades: true,
      // Foci ask each other's homeservers and each other at addresses that are private.
      config: {
        ...options.config,
        signalling: { allowed_networks: addresses, ...options.config?.['signalling'] },
        cascade: {
          allowed_networks: addresses,
          ...(trunkUrl !== undefined && { trunk_url: trunkUrl }),
          ...options.config?.['cascade'],
        },
      },
      report: step => report?.(`${step} of site ${SITE_NAMES[index].toUpperCase()}`),
    });
  };
  // One after the other: two Synapses that make their databases at a time are no faster on few cores.
  const a = starting.use(await start(0));
  const b = starting.use(await start(1));

  report?.('Make a call room, and bring everybody into it over federation');
  const room = await makeRoom(a, b, options);

  const owned = starting.move();
  const stop = async (): Promise<void> => {
    await owned.disposeAsync();
  };
  return { sites: [a, b], room, stateDir, stop, [Symbol.asyncDispose]: stop };
}

const SITE_NAMES = ['a', 'b'] as const;

/** A free port that no server before took: they do not listen yet. */
async function portBeside(taken: readonly { port: number }[], { address, ports }: SitePlace): Promise<number> {
  for (;;) {
    const port = await findFreePort(address ?? LOOPBACK, ports?.federation);
    if (!taken.some(other => other.port === port)) return port;
  }
}

/** Each focus is invited by a user of its own server, as focus.rooms allows unless it is told otherwise. */
async function makeRoom(
  a: Site,
  b: Site,
  { permissions, encrypted, signal }: Pick<FederationOptions, 'permissions' | 'encrypted' | 'signal'>,
): Promise<CallRoom> {
  const [creator, ...others] = a.users;
  const [guest] = b.users;
  if (creator === undefined || guest === undefined) throw new Failure('A site has no users.', 'Give each site some.');
  const room = await createCallRoom({
    baseUrl: a.synapse.baseUrl,
    creator,
    members: others,
    invited: [a.focus.user.userId, ...b.users.map(({ userId }) => userId)],
    ...(permissions && { permissions }),
    ...(encrypted && { encrypted }),
  });
  // One after the other: the homeserver of B learns the room with the first.
  for (const user of b.users) await joinRoom(b.synapse.baseUrl, user, room.roomId, a.synapse.serverName);
  await inviteUser(b.synapse.baseUrl, guest, room.roomId, b.focus.user.userId);
  // Both homeservers have to know of both foci.
  for (const { synapse, viewer } of [
    { ...a, viewer: creator },
    { ...b, viewer: guest },
  ]) {
    const where = { baseUrl: synapse.baseUrl, viewer, roomId: room.roomId };
    for (const { focus } of [a, b]) {
      await untilJoined(where, { userId: focus.user.userId, logFile: focus.logFile }, signal);
    }
  }
  return room;
}
