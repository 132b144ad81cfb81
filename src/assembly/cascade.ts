/** Trunks as the configuration wants them. */
import type { Config } from '../../config/config.ts';
import type { RoomView } from '../../signalling/matrix/index.ts';
import { TRUNK_PATH } from '../../signalling/wire/trunk.ts';
import { Cascade, type CascadeOptions } from '../cascade/index.ts';

interface CascadeParts extends Pick<CascadeOptions, 'focus' | 'signals' | 'clock' | 'log' | 'meters'> {
  rooms: Pick<RoomView, 'namingOf'>;
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
    namingOf: (conference, peer) => rooms.namingOf(conference, peer, parts.clock.now()),
    limits: {
      allowedServers,
      deniedServers,
      trunksPerServer: bounds.conferencesPerServer,
      handshakesPerMinute: bounds.handshakesPerMinute,
    },
    allowedNetworks,
  });
}
