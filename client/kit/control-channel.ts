/** Control messages to the focus and back (MSC3898): over the line of fast signalling where it carries the session, else the data channel. */
import { CONTROL_CHANNEL_LABEL, type ControlMessage, parseControl, writeControl } from './wire.ts';

export interface ControlEvents {
  opened(): void;
  /** Something came, whatever it says. */
  heard(): void;
  /** Pings are answered already. */
  message(message: ControlMessage): void;
}

/** Says a control message over the line; false where the line does not carry this session. */
export type SayOverLine = (text: string) => boolean;

export class ControlChannel {
  readonly #channel: RTCDataChannel;
  readonly #events: ControlEvents;
  readonly #line: SayOverLine;

  constructor(connection: RTCPeerConnection, line: SayOverLine, events: ControlEvents) {
    this.#line = line;
    this.#events = events;
    this.#channel = connection.createDataChannel(CONTROL_CHANNEL_LABEL, { ordered: true });
    this.#channel.addEventListener('open', () => events.opened());
    this.#channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      events.heard();
      if (typeof data === 'string') this.#take(data, text => this.#sendByChannel(text));
    });
  }

  /** Of the data channel alone. */
  get state(): RTCDataChannelState {
    return this.#channel.readyState;
  }

  /** A control message came over the line. */
  takeFromLine(text: string): void {
    this.#events.heard();
    this.#take(text, this.#line);
  }

  /** True where it was sent. */
  tell(message: ControlMessage): boolean {
    const text = writeControl(message);
    return this.#line(text) || this.#sendByChannel(text);
  }

  /** Asks for a sign of life by the path of the media; false where the channel is not open. */
  askByPath(): boolean {
    return this.#sendByChannel(writeControl({ kind: 'ping' }));
  }

  #take(text: string, reply: (text: string) => boolean): void {
    const parsed = parseControl(text);
    // Later versions of the protocol say more than we know.
    if (parsed.kind === 'bad') return;
    // By the way it came: the focus asks whether that one holds.
    if (parsed.value.kind === 'ping') reply(writeControl({ kind: 'pong' }));
    else this.#events.message(parsed.value);
  }

  #sendByChannel(text: string): boolean {
    if (this.#channel.readyState !== 'open') return false;
    try {
      this.#channel.send(text);
      return true;
    } catch {
      // The browser's send buffer is full: the path is broken, and its watch will say so.
      return false;
    }
  }
}
