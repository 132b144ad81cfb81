/** The data channel to the focus (MSC3898): messages there and back. */
import { CONTROL_CHANNEL_LABEL, type ControlMessage, parseControl, writeControl } from './wire.ts';

export interface ControlEvents {
  opened(): void;
  /** Something came, whatever it says. */
  heard(): void;
  /** Pings are answered already. */
  message(message: ControlMessage): void;
}

export class ControlChannel {
  readonly #channel: RTCDataChannel;

  constructor(connection: RTCPeerConnection, events: ControlEvents) {
    this.#channel = connection.createDataChannel(CONTROL_CHANNEL_LABEL, { ordered: true });
    this.#channel.addEventListener('open', () => events.opened());
    this.#channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      events.heard();
      if (typeof data !== 'string') return;
      const parsed = parseControl(data);
      // Later versions of the protocol say more than we know.
      if (parsed.kind === 'bad') return;
      if (parsed.value.kind === 'ping') this.tell({ kind: 'pong' });
      else events.message(parsed.value);
    });
  }

  get state(): RTCDataChannelState {
    return this.#channel.readyState;
  }

  /** True where it was sent. */
  tell(message: ControlMessage): boolean {
    if (this.#channel.readyState !== 'open') return false;
    try {
      this.#channel.send(writeControl(message));
      return true;
    } catch {
      // The browser's send buffer is full: the path is broken, and its watch will say so.
      return false;
    }
  }
}
