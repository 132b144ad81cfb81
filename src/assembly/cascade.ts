/** Trunks as the configuration wants them. */
import type { Config } from '../../config/config.ts';
import type { RoomView } from '../../signalling/matrix/index.ts';
import { TRUNK_PATH } from '../../signalling/wire/trunk.ts';
import { Cascade, type CascadeOptions } from '../cascade/index.ts';
import type { Naming } from '../ports.ts';
import type { ConferenceId, FocusId } from '../session.ts';

interface CascadeParts extends Pick<CascadeOptions, 'focus' | 'signals' | 'clock' | 'log' | 'meters'> {
  rooms: Pick<RoomView, 'conferencesOf' | 'memberDevices'>;
  /** Of the web server, as this machine reaches it. */
  url: () => string;
}

/** Undefined where they are switched off. */
export function openCascade(config: Config, { rooms, url, ...parts }: CascadeParts): Cascade | undefined {
  const { enabled, trunkUrl, allowedServers, deniedServers, allowedNetworks, ...bounds } = config.cascade;
  if (!enabled) return undefined;
  return new Cascade({
    ...parts,
    url: () => trunkUrl ?? `${(config.http.publicUrl ?? url()).replace(/^http/, 'ws')}${TRUNK_PATH}`,
    namingOf: (conference, peer) => namingOf(rooms, conference, peer),
    limits: {
      allowedServers,
      deniedServers,
      trunksPerServer: bounds.conferencesPerServer,
      handshakesPerMinute: bounds.handshakesPerMinute,
    },
    allowedNetworks,
  });
}

/** By the rooms as they are known now: a joined member of the conference publishes to this focus (MSC3898). */
function namingOf(rooms: CascadeParts['rooms'], { roomId, confId }: ConferenceId, peer: FocusId): Naming {
  const call = rooms.conferencesOf(confId).find(one => one.roomId === roomId);
  if (call?.terminated !== undefined) return 'refused';
  const isPeer = ({ userId, deviceId }: FocusId): boolean => userId === peer.userId && deviceId === peer.deviceId;
  const named = rooms.memberDevices(roomId, confId).some(({ foci }) => foci.active.some(isPeer));
  return named ? 'named' : 'not yet';
}
