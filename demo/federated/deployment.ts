import { inviteUser, joinRoom } from '../call-room.ts';
import type { Deployment } from '../deployment.ts';
import type { Site } from '../site.ts';
import type { MatrixUser } from '../synapse.ts';
import { type FederationOptions, type Federation, startFederation } from './federation.ts';

/** A call over two sites: homeserver and focus of the first lead. */
export interface FederatedDeployment extends Deployment {
  readonly sites: Federation['sites'];
}

/** Starts everything that a call over two sites needs. When something fails, all that was started is stopped again. */
export async function startFederatedDeployment(options: FederationOptions): Promise<FederatedDeployment> {
  const federation = await startFederation(options);
  const { sites, room, stateDir } = federation;
  const [here] = sites;
  const siteOf = ({ userId }: MatrixUser): Site =>
    sites.find(({ synapse }) => userId.endsWith(`:${synapse.serverName}`)) ?? here;
  return {
    sites,
    room,
    stateDir,
    synapse: here.synapse,
    focus: here.focus,
    foci: sites.map(({ focus }) => focus),
    users: sites.flatMap(({ users }) => users),
    async addUser(localpart) {
      const user = await here.register(localpart);
      const [creator] = here.users;
      if (creator !== undefined) await inviteUser(here.synapse.baseUrl, creator, room.roomId, user.userId);
      await joinRoom(here.synapse.baseUrl, user, room.roomId);
      return user;
    },
    link: user => siteOf(user).link(user, room),
    focusOf: user => siteOf(user).focus,
    stop: () => federation.stop(),
    [Symbol.asyncDispose]: () => federation.stop(),
  };
}
