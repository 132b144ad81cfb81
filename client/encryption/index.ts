/** End-to-end encryption of media in the browser, and the exchange of its keys; knows nothing of rooms or homeservers. */
export { EncryptionError, type EncryptionErrorCode } from './errors.ts';
export type { FormatName } from './frame-format.ts';
export {
  MediaEncryption,
  type MediaEncryptionEvents,
  type MediaEncryptionOptions,
  type MediaStatistics,
} from './media-encryption.ts';
export type { OwnKeys } from './own-keys.ts';
export type { FailureReason, ReceiveState } from './receive-state.ts';
export { type SenderId, senderOf } from './sender-id.ts';
export type { SharedKey } from '../sframe/sent-keys.ts';
export type { ReceivedStatistics, SentStatistics } from './track-statistics.ts';
export type { Way } from './ways.ts';
export type { WitnessRecord } from './witness.ts';
export { systemClock } from './clock.ts';
export type { Device } from './device.ts';
export { KeyExchange } from './key-exchange.ts';
export { SFRAME_KEYS } from './sframe-keys.ts';
export { verificationCode } from './verification-code.ts';
