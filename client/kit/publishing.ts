/** Tells the focus what we publish: descriptions, and metadata where it changed. */
import type { ControlChannel } from './control-channel.ts';
import type { FocusLink } from './focus-link.ts';
import type { OwnStreams } from './own-streams.ts';
import type { Description } from './wire.ts';

export interface PublishingParts {
  connection: RTCPeerConnection;
  own: OwnStreams;
  control: ControlChannel;
  link: FocusLink;
  /** The path of the data channel is known to be broken. */
  isBroken(): boolean;
  /** A description could not be handed to the homeserver either. */
  failed(thrown: unknown): void;
}

export class Publishing {
  readonly #parts: PublishingParts;
  /** The metadata as it was told last. */
  #announced = '';
  /** The latest answer to the focus that waits for the channel. */
  #heldAnswer: Description | undefined;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
  }

  /** Sends a description. An answer may wait for the channel, which is to be told by `channelOpened()`. */
  send(description: Description): void {
    const { control, link } = this.#parts;
    // The path is not up yet, so the answer to an early offer can wait for the channel: the homeserver is slower.
    if (description.type === 'answer' && control.state === 'connecting' && !link.isOnLine) {
      this.#heldAnswer = description;
      return;
    }
    this.channelOpened();
    this.#deliver(description);
  }

  /** The channel is open, or the line carries the session. */
  channelOpened(): void {
    const held = this.#heldAnswer;
    this.#heldAnswer = undefined;
    if (held !== undefined) this.#deliver(held);
  }

  /** Tells what of our streams is muted, and how large they are, where that changed. */
  announce(): void {
    const { connection, own, control, link } = this.#parts;
    const sdp = connection.localDescription?.sdp;
    if (sdp === undefined || (control.state !== 'open' && !link.isOnLine)) return;
    const metadata = own.metadata(sdp, link.address.self);
    const text = JSON.stringify(metadata);
    if (text === this.#announced) return;
    if (control.tell({ kind: 'metadata_changed', metadata })) this.#announced = text;
  }

  /** What was told may be lost: the next `announce()` tells it again. */
  forget(): void {
    this.#announced = '';
  }

  #deliver(description: Description): void {
    const { connection, own, control, link } = this.#parts;
    const metadata = own.metadata(description.sdp, link.address.self);
    this.#announced = JSON.stringify(metadata);
    // An open channel on a broken path holds back what would mend the path.
    const path = channelPath(connection);
    const flows = link.isOnLine || (!this.#parts.isBroken() && path !== 'disconnected' && path !== 'failed');
    if (flows && control.tell({ kind: 'negotiate', description, metadata })) return;
    link.negotiate(description, metadata).catch((thrown: unknown) => this.#parts.failed(thrown));
  }
}

/** The path under the data channels; `undefined` in browsers that do not tell, whatever the types say. */
function channelPath(connection: RTCPeerConnection): RTCIceTransportState | undefined {
  const sctp: Partial<RTCSctpTransport> | null = connection.sctp;
  const dtls: Partial<RTCDtlsTransport> | undefined = sctp?.transport;
  return dtls?.iceTransport?.state;
}
