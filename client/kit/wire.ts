/** The messages of the wire, from their one home. The kit takes nothing else from outside this folder. */
export {
  type ControlMessage,
  parseControl,
  type Subscription,
  type WantedTrack,
  writeControl,
} from '../../signalling/wire/control.ts';
export { type DataChannelInfo, type DataPublisher, parseDataPublisher } from '../../signalling/wire/data.ts';
export type { Description } from '../../signalling/wire/description.ts';
export { type ErrorCode, ERRORS } from '../../signalling/wire/errors.ts';
export type { FloorState } from '../../signalling/wire/floor.ts';
export {
  CALL_EVENT_TYPES,
  CALL_MEMBER_EVENT_TYPES,
  CONTROL_CHANNEL_LABEL,
  FOCI_ACTIVE_KEYS,
  FOCI_PREFERRED_KEYS,
  FOCUS_SESSION_ID,
  MEDIA_KEY_REQUEST_TYPE,
  MEDIA_KEY_TYPE,
  STREAM_METADATA_KEYS,
  VOIP_VERSION,
} from '../../signalling/wire/names.ts';
export {
  CALL_PERMISSIONS_TYPE,
  mayModerateFloor,
  mayPublish,
  parseCallPermissions,
  type Permissions,
  permissionsFor,
  type PublishedKind,
} from '../../signalling/wire/permissions.ts';
export { parseCreation, parsePowerLevels, powerLevelOf, type RoomPower } from '../../signalling/wire/power-levels.ts';
export {
  type CallState,
  type FocusRef,
  isCallEvent,
  isCallMemberEvent,
  type MemberDevice,
  parseCallMemberState,
  parseCallState,
} from '../../signalling/wire/room-state.ts';
export {
  ERROR,
  parseSignalFrame,
  parseWelcome,
  SIGNAL_PROTOCOL,
  type SignalFrame,
  WELCOME,
  writeHello,
  writeSignalFrame,
} from '../../signalling/wire/signal.ts';
export type { StreamDescription, StreamMetadata, TrackMetadata } from '../../signalling/wire/stream-metadata.ts';
export { afterChange, STREAMS_CHANGED } from '../../signalling/wire/streams-changed.ts';
export type { GrantedTrack, LayerSwitch, StreamsMessage, TrackLayers } from '../../signalling/wire/streams.ts';
export { type FocusToDevice, parseFocusToDevice, type WeirErrorBody } from '../../signalling/wire/to-device.ts';
export { videoBitrate } from '../../signalling/wire/usual-bitrate.ts';
