/** Why a picture that is wanted stands still, for a person. Pure. */
import type { RemoteStream } from '../kit/index.ts';

export interface WaitingWords {
  /** On the tile, where there is room. */
  sign: string;
  title: string;
  /** In the tile's label. */
  label: string;
}

/** `undefined` where it does not wait. */
export function waitingWords(granted: RemoteStream['granted']): WaitingWords | undefined {
  if (granted?.kind !== 'paused') return undefined;
  switch (granted.reason) {
    case 'bandwidth':
      return {
        sign: 'Waiting for bandwidth',
        title: 'The picture waits for bandwidth',
        label: 'waiting for bandwidth',
      };
    case 'overload':
      return {
        sign: 'The server is busy',
        title: 'The conference server has too much to do; the picture comes back by itself',
        label: 'paused, the server is busy',
      };
    case 'hidden':
    case 'no_layer':
      return undefined;
  }
}
