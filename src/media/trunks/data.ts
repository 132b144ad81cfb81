import type { DataEvents, PeerData } from '../../ports.ts';

/**
 * No application data crosses in the media engine: SRTP does not encrypt data channels of a plain transport. What is forwarded to
 * another focus goes another way; here it ends at once.
 */
export function noTrunkData({ forwardEnded }: Pick<DataEvents, 'forwardEnded'>): PeerData {
  return {
    expect: () => undefined,
    accept: () => undefined,
    refuse: () => undefined,
    forward: ({ publisher, channelId }) => forwardEnded({ publisher, channelId }),
    stop: () => undefined,
  };
}
