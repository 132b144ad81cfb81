/** SFrame (RFC 9605) as a frame format. */
import { clearBytes } from '../sframe/clear-bytes.ts';
import { readHeader } from '../sframe/header.ts';
import { ReceivedFrames } from '../sframe/received-frames.ts';
import { ReceivedKeys } from '../sframe/received-keys.ts';
import { SentKeys } from '../sframe/sent-keys.ts';
import { type Suite, SUITES } from '../sframe/suites.ts';
import type { DecryptingKeys, FrameFormat } from './frame-format.ts';
import { sframeKeyFormat } from './key-event.ts';

/** Which of the RFC's suites calls use. */
export const SFRAME_SUITE = SUITES.AES_256_GCM_SHA512_128;

export function sframe(suite: Suite = SFRAME_SUITE): FrameFormat {
  const keys = sframeKeyFormat(suite);
  return {
    name: 'sframe',
    takes: key => keys.takes(key),
    clearBytes,
    numberOf: readHeader,
    ownKeys: () => SentKeys.make(suite),
    keysOfSender: () => keysOfSender(suite),
  };
}

function keysOfSender(suite: Suite): DecryptingKeys {
  const keys = new ReceivedKeys(suite);
  return { add: key => keys.add(key), frames: () => new ReceivedFrames(keys) };
}
