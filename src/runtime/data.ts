import type { DataEffect } from '../conference/messages.ts';
import type { Meters, PeerData } from '../ports.ts';

/** Asks the media engine what the rules ask about application data. `data` is undefined where the session's media is gone. */
export function runData(data: PeerData | undefined, effect: DataEffect, meters: Pick<Meters, 'dataChannel'>): void {
  switch (effect.kind) {
    case 'expect-data':
      return data?.expect();
    case 'accept-data':
      meters.dataChannel('accepted');
      return data?.accept(effect.channelId);
    case 'refuse-data':
      meters.dataChannel('refused');
      return data?.refuse(effect.channelId);
    case 'forward-data':
      return data?.forward(effect.channel);
    case 'stop-data':
      return data?.stop(effect.channel);
  }
}
