import { join } from 'node:path';
import { Failure } from '../setup/failure.mjs';
import type { CallRoom } from './call-room.ts';
import { type Focus, type FocusOptions, startFocus } from './focus.ts';
import { findFreePort } from './free-port.ts';
import { type MatrixUser, startSynapse, type Synapse, type SynapseOptions } from './synapse.ts';
import { urlHost } from './synapse-config.ts';

export interface SiteOptions {
  /** Folder of all state and logs; made when missing. The caller removes it. */
  stateDir: string;
  /** Python that has Synapse. */
  synapsePython: string;
  /** Executable of the mediasoup worker. */
  workerBin: string;
  /** Folder of the built call page; no page is served otherwise. */
  pageDir?: string;
  /** Local parts of its users. */
  users: readonly string[];
  /** Preferred ports; any where they are in use, or not given. */
  ports?: { homeserver?: number; page?: number };
  /** Where everything listens; loopback otherwise. */
  address?: string;
  /** Put before the commands of homeserver and focus, such as ['ip', 'netns', 'exec', 'far']. */
  prefix?: readonly string[];
  /** With whom the homeserver federates; with nobody otherwise. */
  federation?: SynapseOptions['federation'];
  /**
   * The focus carries calls to foci of other sites, and clients of this one find it by their homeserver, as `org.weir.foci` of
   * .well-known/matrix/client.
   */
  cascades?: boolean;
  /** More for homeserver.yaml. */
  homeserverConfig?: Record<string, unknown>;
  /** More for weir.yaml: see FocusOptions. */
  config?: FocusOptions['config'];
  /** More for the process of the focus. */
  focusProcess?: Pick<FocusOptions, 'env' | 'preload'>;
  signal?: AbortSignal;
  /** What is being done. */
  report?: (step: string) => void;
}

/** A homeserver with a focus and users of its own: what one operator has. */
export interface Site {
  readonly synapse: Synapse;
  readonly focus: Focus;
  /** In the order of the options. */
  readonly users: readonly MatrixUser[];
  register(localpart: string): Promise<MatrixUser>;
  /** Opens the call page as this user, in the lobby of a call. */
  link(user: MatrixUser, room: CallRoom): string;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export const FOCUS_DEVICE_ID = 'FOCUS';

/** Starts homeserver and focus. When something fails, or the signal aborts, all that was started is stopped again. */
export async function startSite(options: SiteOptions): Promise<Site> {
  const { stateDir, address, prefix, report } = options;
  const interruptible = options.signal && { signal: options.signal };
  await using starting = new AsyncDisposableStack();
  const host = address ?? '127.0.0.1';
  // The homeserver tells of the focus, and starts before it.
  const pagePort = options.cascades ? await findFreePort(host, options.ports?.page) : (options.ports?.page ?? 0);
  const pageUrl = `http://${urlHost(host)}:${pagePort}`;

  report?.('Start Synapse');
  const synapse = starting.use(
    await startSynapse({
      stateDir: join(stateDir, 'synapse'),
      python: options.synapsePython,
      port: options.ports?.homeserver ?? 0,
      ...(address !== undefined && { bindAddress: address }),
      ...(prefix && { prefix }),
      ...(options.federation && {
        federation: options.federation,
        serverName: `${urlHost(host)}:${options.federation.port}`,
      }),
      config: {
        ...(options.cascades && { extra_well_known_client_content: { 'org.weir.foci': [{ url: pageUrl }] } }),
        ...options.homeserverConfig,
      },
      ...interruptible,
    }),
  );

  report?.('Make users');
  const focusUser = await synapse.registerUser({ localpart: 'focus', deviceId: FOCUS_DEVICE_ID, displayName: 'Focus' });
  const register = (localpart: string): Promise<MatrixUser> =>
    synapse.registerUser({ localpart, displayName: capitalised(localpart) });
  const users = await Promise.all(options.users.map(register));
  options.signal?.throwIfAborted();

  report?.('Start the focus');
  const focus = starting.use(
    await startFocus({
      stateDir: join(stateDir, 'focus'),
      homeserverUrl: synapse.baseUrl,
      user: focusUser,
      ...(options.pageDir !== undefined && { pageDir: options.pageDir }),
      workerBin: options.workerBin,
      httpPort: pagePort,
      ...(address !== undefined && { httpHost: address, mediaListen: [{ ip: address }] }),
      ...(prefix && { prefix }),
      config: {
        ...options.config,
        ...(options.cascades && {
          cascade: {
            enabled: true,
            trunk_url: `${pageUrl.replace('http', 'ws')}/v1/trunk`,
            ...options.config?.['cascade'],
          },
        }),
      },
      ...options.focusProcess,
      env: {
        ...options.focusProcess?.env,
        ...(options.federation && { NODE_EXTRA_CA_CERTS: options.federation.caFile }),
      },
      ...interruptible,
    }),
  );
  if (options.cascades && focus.baseUrl !== pageUrl) {
    throw new Failure(`Somebody took port ${pagePort}, where the focus was announced.`, 'Start again.');
  }

  const owned = starting.move();
  const stop = async (): Promise<void> => {
    await owned.disposeAsync();
  };
  return {
    synapse,
    focus,
    users,
    register,
    link: (user, room) => demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user, room, focusUser }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
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
