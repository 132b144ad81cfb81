/** What a session needs, and what it tells. */
import type { MediaPreferences } from './media-preferences.ts';
import type { ApplicationData } from './application-data.ts';
import type { Capture } from './capture.ts';
import type { FrameProtection } from './frame-protection.ts';
import type { CallAddress, LineOfSession } from './focus-link.ts';
import type { InviteWay, Mark } from './marks.ts';
import type { Problem } from './problems.ts';
import type { Loss } from './recovery.ts';
import type { Shown, Subscriber } from './subscriptions.ts';
import type { SendToDevice } from './to-device-sends.ts';

export type SessionPhase = 'inviting' | 'connecting' | 'up' | 'troubled' | 'over';

export interface SessionEvents {
  mark(mark: Mark): void;
  /** The invite goes out, this way. */
  invited(way: InviteWay): void;
  /** Streams, tracks or phase changed. */
  changed(): void;
  /** The focus answered the invite. */
  answered(): void;
  /** The focus refused something that we asked for; the session goes on. */
  refused(reason: Problem): void;
  /** It is over, without our doing. Said once. */
  lost(loss: Loss): void;
}

export interface SessionOptions {
  address: CallAddress;
  send: SendToDevice;
  /** Fast signalling, where the focus has it. */
  line: LineOfSession | undefined;
  capture: Capture;
  data: ApplicationData;
  iceServers: RTCIceServer[];
  preferences: MediaPreferences;
  /** Where the call is encrypted. */
  protection: FrameProtection | undefined;
  /** Made in advance, so that joining does not wait for keys. */
  certificate: RTCCertificate | undefined;
  /** How a new tile would be drawn. */
  guessSize: () => Shown;
  hearsNewcomers: boolean;
  /** Longest wait for the answer to the invite, in ms. */
  answerTimeoutMs: number;
  /** That of the session before: its tiles are still there. */
  previous: Subscriber | undefined;
}
