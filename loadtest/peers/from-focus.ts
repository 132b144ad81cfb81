/** What the focus tells a peer, read and handed on to where it belongs. */
import { parseControl } from '../../signalling/wire/control.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { GrantedTrack, TrackLayers } from '../../signalling/wire/streams.ts';
import { afterChange } from '../../signalling/wire/streams-changed.ts';
import { parseFocusToDevice } from '../../signalling/wire/to-device.ts';
import type { CallAddress } from './client-messages.ts';
import type { Description } from './negotiation.ts';
import type { Hangup, Seen } from './seen.ts';
import type { ReceivedToDevice } from './signalling-link.ts';

export interface ToldByFocus {
  /** The answer to the invite. */
  invited(sdp: string, metadata: StreamMetadata): void;
  /** Metadata stay as they were where none are given. */
  negotiated(description: Description, metadata: StreamMetadata | undefined): void;
  /** As they are after a change of those before. */
  streamsChanged(after: (before: StreamMetadata) => StreamMetadata): void;
  layersWanted(tracks: readonly TrackLayers[]): void;
  granted(tracks: readonly GrantedTrack[]): void;
  pinged(): void;
  hungUp(hangup: Hangup): void;
}

/** Reads to-device and control messages of one call, and notes in `seen` what nobody acts on. */
export class FromFocus {
  readonly #call: CallAddress;
  readonly #seen: Seen;
  readonly #told: ToldByFocus;

  constructor(call: CallAddress, seen: Seen, told: ToldByFocus) {
    this.#call = call;
    this.#seen = seen;
    this.#told = told;
  }

  toDevice(event: ReceivedToDevice): void {
    if (event.sender !== this.#call.focus.userId) return;
    const parsed = parseFocusToDevice(event.type, event.content);
    if (parsed === undefined) return;
    if (parsed.kind === 'bad') {
      this.#seen.unreadable.push(parsed.error.message);
      return;
    }
    const message = parsed.value;
    if (message.callId !== this.#call.callId || message.destSessionId !== this.#call.sessionId) {
      if (message.kind === 'hangup') {
        const { callId, reason, error } = message;
        this.#seen.strayHangups.push({ callId, reason, code: error?.code });
      }
      return;
    }
    switch (message.kind) {
      case 'answer':
        this.#told.invited(message.sdp, message.metadata);
        break;
      case 'negotiate':
        this.#told.negotiated(message.description, undefined);
        break;
      case 'hangup':
        this.#told.hungUp({ reason: message.reason, code: message.error?.code, at: performance.now() });
        break;
      case 'candidates':
        break;
    }
  }

  control(text: string): void {
    const parsed = parseControl(text);
    if (parsed.kind === 'bad') {
      this.#seen.unreadable.push(parsed.error.message);
      return;
    }
    const message = parsed.value;
    switch (message.kind) {
      case 'metadata_changed':
        this.#seen.metadataMessages += 1;
        this.#told.streamsChanged(() => message.metadata);
        break;
      case 'streams_changed':
        this.#seen.metadataMessages += 1;
        this.#told.streamsChanged(before => afterChange(before, message));
        break;
      case 'negotiate':
        this.#told.negotiated(message.description, message.metadata);
        break;
      case 'layers_wanted':
        this.#told.layersWanted(message.tracks);
        break;
      case 'ping':
        this.#seen.pings += 1;
        this.#told.pinged();
        break;
      case 'error':
        this.#seen.errors.push(message);
        break;
      case 'allocation':
        this.#told.granted(message.tracks);
        break;
      case 'speakers':
      case 'audio_levels':
      case 'data_channels':
      case 'data_ended':
      case 'data_subscription':
      case 'floor':
      case 'floor_across':
      case 'floor_release':
      case 'floor_request':
      case 'floor_revoke':
      case 'layers_available':
      case 'pong':
      case 'subscription':
        break;
    }
  }
}
