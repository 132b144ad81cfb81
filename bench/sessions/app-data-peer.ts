import type { DataChannel, DataChannelInitConfig } from 'node-datachannel';
import type { CallRoom, FocusDevice, MatrixDevice } from '../../loadtest/peers/call-place.ts';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import { LightPeer } from '../../loadtest/peers/light-peer.ts';

/** The labels of the two channels of positions and events, and of the one of who sends too much. */
export const LABELS = { reliable: 'events', lossy: 'positions', excess: 'excess' } as const;

export interface DataPlace {
  baseUrl: string;
  room: CallRoom;
  focus: FocusDevice;
}

/** A participant with data channels alone. */
export class DataPeer {
  readonly peer: LightPeer;
  readonly #endpoint: DatachannelEndpoint;

  constructor(place: DataPlace, user: MatrixDevice, onChannel: (channel: DataChannel) => void = () => undefined) {
    let made: DatachannelEndpoint | undefined;
    this.peer = new LightPeer({
      ...place,
      user,
      viewsOnly: true,
      subscribe: 'nothing',
      // A user's member event would hold one of its devices alone.
      unlisted: true,
      namesRoom: true,
      endpoint: events => {
        made = new DatachannelEndpoint(events, { onChannel });
        return made;
      },
    });
    if (made === undefined) throw new Error('no endpoint');
    this.#endpoint = made;
  }

  open(label: string, options?: DataChannelInitConfig): DataChannel {
    return this.#endpoint.openChannel(label, options);
  }

  /** Codes of what the focus complained of. */
  codes(): string[] {
    return this.peer.seen.errors.map(({ code }) => code);
  }

  forgetErrors(): void {
    this.peer.seen.errors.length = 0;
  }

  /** Why it is not in the call; undefined while it is, or may still be. */
  failure(): string | undefined {
    const { hangup, seen } = this.peer;
    return hangup === undefined ? seen.unreadable[0] : `hung up: ${hangup.code ?? hangup.reason}`;
  }
}
