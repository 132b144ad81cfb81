/** Messages to devices that are on their way to the homeserver: a bounded number. */
import type { FocusRef } from './wire.ts';

/** Hands one message to the homeserver. */
export type SendToDevice = (
  to: FocusRef,
  type: string,
  content: object,
  options?: { keepAlive?: boolean },
) => Promise<void>;

const MAX_PARALLEL_SENDS = 64;

/** The sender for a homeserver. Media does not wait for it, so neither may messages pile up for it: more of them reject. */
export function boundedSends(homeserver: {
  sendToDevice(
    userId: string,
    deviceId: string,
    type: string,
    content: object,
    options?: { keepAlive?: boolean },
  ): Promise<void>;
}): SendToDevice {
  let sending = 0;
  return async (to, type, content, options = {}) => {
    if (sending >= MAX_PARALLEL_SENDS) throw new Error('Too many messages wait for the homeserver.');
    sending += 1;
    try {
      await homeserver.sendToDevice(to.userId, to.deviceId, type, content, options);
    } finally {
      sending -= 1;
    }
  };
}
