/** The browser kit: calls over Matrix with a focus (MSC3401, MSC3898), free of any UI. */
export { askFocus, type OwnFocus, type SignalDoor } from './focus-info.ts';
export type { ApplicationData, ReceivedChannel } from './application-data.ts';
export { Call } from './call.ts';
export type { CallOptions, CallState } from './call-options.ts';
export { CallRoom, type CallRoomOptions } from './call-room.ts';
export {
  Capture,
  captureDevices,
  type CaptureKind,
  type CaptureState,
  type SharedScreen,
} from './capture.ts';
export type { CannotDecrypt, EncryptionState, KeyHolder } from './encryption-state.ts';
export { KeyWitness, type WitnessedKey } from './key-witness.ts';
export type { FloorKey } from './floor.ts';
export { pickFocus } from './foci.ts';
export type { MediaPreferences } from './media-preferences.ts';
export type { CaptureSize } from './encodings.ts';
export { Account } from './account.ts';
export { ClientHomeserver } from './client-homeserver.ts';
export { callFilter, type Homeserver } from './homeserver.ts';
export type { Credentials } from './homeserver-requests.ts';
export { joinCall, type JoinCallOptions } from './join-call.ts';
export { JoinedCall, type Participant } from './joined-call.ts';
export { MicrophoneLevel, receiverLevel, SpeakingHold } from './levels.ts';
export {
  askForLoudspeaker,
  canAskForLoudspeaker,
  canPickLoudspeaker,
  loudspeakers,
  playOn,
} from './loudspeakers.ts';
export { type InviteWay, type Mark, type Marks, preciseNow } from './marks.ts';
export { browserNetwork, type Network, type NetworkHint } from './network.ts';
export { type Problem, problem, type ProblemCode, ProblemError, problemOf } from './problems.ts';
export { PushToTalk, type TalkKey } from './push-to-talk.ts';
export { switchOffRefused } from './refused-kinds.ts';
export type { Others, TrackIds } from './others.ts';
export type { BoundTrack, RemoteCopy, RemoteStream } from './remote-streams.ts';
export { callRoomRequest, type Device } from './room.ts';
export { listRooms, type RoomSummary } from './room-list.ts';
export {
  findHomeserver,
  loginWithAccessToken,
  loginWithPassword,
  loginWithToken,
  serverOf,
  ssoUrl,
  waysToSignIn,
} from './sign-in.ts';
export { readStatistics } from './statistics.ts';
export { type Figures, type LayerFigures, LINE_SAMPLES, StatisticsHistory } from './statistics-history.ts';
export { callCapabilities, WidgetHomeserver } from './widget-homeserver.ts';
export type { Shown, Size, WantedCopy } from './subscriptions.ts';
export { senderOf } from '../encryption/index.ts';
export type { FloorState, FocusRef, LayerSwitch, PublishedKind } from './wire.ts';
