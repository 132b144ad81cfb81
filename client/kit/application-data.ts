/** Data of an application on top of the call: channels that we open, and those of others with labels that we subscribe to. */
import { type ControlMessage, type DataChannelInfo, type DataPublisher, parseDataPublisher } from './wire.ts';

/** A channel of somebody else, as the focus opened it to us. */
export interface ReceivedChannel {
  channel: RTCDataChannel;
  publisher: DataPublisher;
}

/** What of a session it needs. */
export interface DataSession {
  connection: Pick<RTCPeerConnection, 'addEventListener' | 'createDataChannel'>;
  /** False where the control channel is not open. */
  tell(message: ControlMessage): boolean;
}

/** Subscriptions and listeners outlive the sessions of a call; channels end with theirs. */
export class ApplicationData {
  readonly #listeners = new Set<(received: ReceivedChannel) => void>();
  #labels: readonly string[] | undefined;
  #session: DataSession | undefined;
  #channels: readonly DataChannelInfo[] = [];

  /** Channels of the others, those of our labels first; known once we have subscribed, if to nothing. */
  get channels(): readonly DataChannelInfo[] {
    return this.#channels;
  }

  /**
   * Opens a channel; others have it who subscribe to its label. They get what is sent after it opened at them.
   * It closes with the session: whoever still wants it then opens another one.
   * Throws InvalidStateError where there is no session.
   */
  publish(label: string, options: RTCDataChannelInit = {}): RTCDataChannel {
    if (this.#session === undefined) throw new DOMException('Not in a call.', 'InvalidStateError');
    return this.#session.connection.createDataChannel(label, options);
  }

  /** Asks for the channels of these labels, and not any more for those of others. */
  subscribe(labels: readonly string[]): void {
    this.#labels = [...labels];
    this.#ask();
  }

  /** Calls back for each channel that is opened to us from now on. Returns what ends that. */
  onChannel(listener: (received: ReceivedChannel) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A session begins: ours from now on. Its control channel must have been created before. */
  begin(session: DataSession): void {
    this.#session = session;
    this.#channels = [];
    session.connection.addEventListener('datachannel', ({ channel }) => {
      if (this.#session !== session) return;
      const publisher = parseDataPublisher(channel.protocol);
      // Of nobody that we know of: a focus that forwards no data.
      if (publisher.kind === 'bad') return;
      for (const listener of this.#listeners) listener({ channel, publisher: publisher.value });
    });
  }

  /** A way for control messages is open, and what was said before may be lost. */
  opened(connection: DataSession['connection']): void {
    if (this.#session?.connection === connection) this.#ask();
  }

  take(connection: DataSession['connection'], channels: readonly DataChannelInfo[]): void {
    if (this.#session?.connection === connection) this.#channels = channels;
  }

  /** The session is over. */
  end(connection: DataSession['connection']): void {
    if (this.#session?.connection !== connection) return;
    this.#session = undefined;
    this.#channels = [];
  }

  #ask(): void {
    if (this.#labels !== undefined) this.#session?.tell({ kind: 'data_subscription', labels: [...this.#labels] });
  }
}
