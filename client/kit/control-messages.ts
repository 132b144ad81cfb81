/** What a session does with what the focus says on its control channel, by whatever way it came. */
import { type Problem, problemOfFocus } from './problems.ts';
import type { ControlMessage, Description, StreamMetadata } from './wire.ts';

type Of<Kind extends ControlMessage['kind']> = Extract<ControlMessage, { kind: Kind }>;

export interface ControlMessageListener {
  description(description: Description, metadata: StreamMetadata | undefined): void;
  metadata(metadata: StreamMetadata): void;
  streamsChanged(change: Of<'streams_changed'>): void;
  layersWanted(message: Of<'layers_wanted'>): void;
  streams(message: Of<'allocation' | 'speakers' | 'audio_levels'>): void;
  floor(message: Of<'floor'>): void;
  dataChannels(message: Of<'data_channels'>): void;
  /** A track that we asked for is gone; the next metadata says so. */
  trackGone(): void;
  /** These tracks come in a codec that we have not. */
  undecodable(error: Of<'error'>): void;
  /** The focus does not know the session any more. */
  unknown(): void;
  refused(reason: Problem): void;
}

export function takeControlMessage(message: ControlMessage, listener: ControlMessageListener): void {
  switch (message.kind) {
    case 'negotiate':
      listener.description(message.description, message.metadata);
      return;
    case 'metadata_changed':
      listener.metadata(message.metadata);
      return;
    case 'streams_changed':
      listener.streamsChanged(message);
      return;
    case 'layers_wanted':
      listener.layersWanted(message);
      return;
    case 'allocation':
    case 'speakers':
    case 'audio_levels':
      listener.streams(message);
      return;
    case 'floor':
      listener.floor(message);
      return;
    case 'data_channels':
      listener.dataChannels(message);
      return;
    case 'error':
      takeError(message, listener);
      return;
    case 'ping':
    case 'pong':
    case 'subscription':
    case 'layers_available':
    case 'floor_request':
    case 'floor_release':
    case 'floor_revoke':
    case 'floor_across':
    case 'data_subscription':
    case 'data_ended':
      return;
  }
}

function takeError(error: Of<'error'>, listener: ControlMessageListener): void {
  switch (error.code) {
    case 'WEIR_UNKNOWN_TRACK':
      listener.trackGone();
      return;
    case 'WEIR_NO_COMMON_CODEC':
      listener.undecodable(error);
      return;
    case 'WEIR_NO_SESSION':
      listener.unknown();
      return;
    case 'WEIR_UNEXPECTED_MESSAGE':
      // Something was said twice because it might have been lost.
      return;
    default:
      listener.refused(problemOfFocus(error));
  }
}
