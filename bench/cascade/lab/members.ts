/** Load peers of both sites, and what each gets of those on the other one. */
import type { MatrixUser } from '../../../demo/synapse.ts';
import type { NativeEndpoint } from '../../../loadtest/native-peer/native-endpoint.ts';
import { LightPeer, type LightPeerOptions } from '../../../loadtest/peers/light-peer.ts';
import type { ReceivedTrack } from '../../../loadtest/peers/received-media.ts';
import type { LabPlace } from './place.ts';

const CONNECTS_WITHIN_MS = 30_000;
const WHOLE_WITHIN_MS = 60_000;

export interface Member {
  readonly name: string;
  readonly user: MatrixUser;
  readonly peer: LightPeer;
  readonly endpoint: NativeEndpoint;
}

/** Resolves when it is connected to the focus of its site. */
export async function joinMember(
  place: LabPlace,
  user: MatrixUser,
  options: Pick<LightPeerOptions, 'subscribe' | 'obeysLayersWanted'> & Partial<Pick<LightPeerOptions, 'room'>> = {},
): Promise<Member> {
  let endpoint: NativeEndpoint | undefined;
  const peer = new LightPeer({
    ...place.placeOf(user),
    ...options,
    endpoint: events => (endpoint = place.stack.endpoint(events)),
  });
  if (endpoint === undefined) throw new Error('the peer has no endpoint');
  try {
    await peer.join();
    await place.must(`${user.userId} connects`, CONNECTS_WITHIN_MS, () => peer.isConnected() && peer.hasControl());
    return { name: user.userId.slice(1).replace(/:.*$/, ''), user, peer, endpoint };
  } catch (error) {
    await peer.vanish();
    throw error;
  }
}

/** A track of somebody else that a member got something of since the last look, or nothing. */
export interface GotTrack extends ReceivedTrack {
  /** "bob's video at alice": for messages. */
  readonly name: string;
}

/** All tracks that the members get of each other, as of since the last look. */
export interface Look {
  /** Of those on the other site. */
  crossing: GotTrack[];
  /** Of those on the member's own. */
  local: GotTrack[];
}

export async function look(place: LabPlace, members: readonly Member[]): Promise<Look> {
  await place.stack.refresh();
  const taken: Look = { crossing: [], local: [] };
  for (const viewer of members) {
    for (const track of viewer.endpoint.report().tracks) {
      const sender = members.find(({ peer }) => peer.streamId === track.streamId);
      if (sender === undefined) continue;
      const isLocal = place.siteOf(sender.user) === place.siteOf(viewer.user);
      taken[isLocal ? 'local' : 'crossing'].push({
        ...track,
        name: `${sender.name}'s ${track.kind} at ${viewer.name}`,
      });
    }
  }
  return taken;
}

/** Whether something was shown or heard of it: of a video that is a whole frame. */
export function flows({ kind, packets, frames }: ReceivedTrack): boolean {
  return (kind === 'video' ? frames : packets) > 0;
}

/** Everybody gets both tracks of everybody else. Rejects where that does not come to be. */
export async function untilWhole(place: LabPlace, members: readonly Member[]): Promise<void> {
  const flowing = new Set<string>();
  const pairs = members.length * (members.length - 1);
  await place.must('everybody gets everything', WHOLE_WITHIN_MS, async () => {
    const { crossing, local } = await look(place, members);
    for (const track of [...crossing, ...local]) if (flows(track)) flowing.add(track.name);
    return flowing.size === pairs * 2;
  });
}
