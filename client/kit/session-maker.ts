/** Makes the sessions of a call, the next one in advance where it can: joining then has only to send. */
import type { ApplicationData } from './application-data.ts';
import type { CallOptions } from './call-options.ts';
import type { CallProtection } from './call-protection.ts';
import type { CallSignalling } from './call-signalling.ts';
import { encryptablePreferences, NO_PREFERENCES } from './media-preferences.ts';
import { answerTimeoutMs, type JoinHistory, NO_HISTORY } from './recovery.ts';
import { Session } from './session.ts';
import type { SessionEvents } from './session-options.ts';
import type { Subscriber } from './subscriptions.ts';
import type { SendToDevice } from './to-device-sends.ts';
import type { FocusRef } from './wire.ts';

/** An offer that is older may tell of a network that is gone. */
const PREPARED_FOR_MS = 60_000;
const CERTIFICATE: EcKeyGenParams = { name: 'ECDSA', namedCurve: 'P-256' };

export interface SessionMakerParts {
  options: Pick<CallOptions, 'capture' | 'guessSize' | 'hearsNewcomers' | 'preferences' | 'room'>;
  signalling: Pick<CallSignalling, 'prepare'>;
  protection: Pick<CallProtection, 'ofSession'>;
  send: SendToDevice;
  data: ApplicationData;
  /** What is to hear of a session; it is asked for that one only later. */
  eventsOf: (session: () => Session) => SessionEvents;
}

/** What the sessions before left behind. */
export interface Earlier {
  history: JoinHistory;
  /** Of the last one: its tiles are still there. */
  subscriber: Subscriber | undefined;
}

export class SessionMaker {
  readonly #parts: SessionMakerParts;
  #prepared: Session | undefined;
  #certificate: RTCCertificate | undefined;

  constructor(parts: SessionMakerParts) {
    this.#parts = parts;
    RTCPeerConnection.generateCertificate(CERTIFICATE)
      .then(certificate => {
        this.#certificate = certificate;
      })
      .catch(() => undefined);
  }

  /** Has one ready. Throws what the browser throws at a peer connection that it cannot make. */
  prepare(confId: string, focus: FocusRef): void {
    const earlier = { history: NO_HISTORY, subscriber: undefined };
    this.#prepared = this.#takePrepared(confId, focus) ?? this.#make(confId, focus, earlier);
    this.#prepared.prepare();
  }

  /** The one that is ready, where it fits, or a new one. Throws as `prepare` does. */
  take(confId: string, focus: FocusRef, earlier: Earlier): Session {
    return this.#takePrepared(confId, focus) ?? this.#make(confId, focus, earlier);
  }

  close(): void {
    this.#prepared?.close();
    this.#prepared = undefined;
  }

  #takePrepared(confId: string, focus: FocusRef): Session | undefined {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (prepared === undefined) return undefined;
    if (this.#fits(prepared, confId, focus)) return prepared;
    prepared.close();
    return undefined;
  }

  #fits(
    { options: { address, iceServers, line, protection }, ageMs }: Session,
    confId: string,
    focus: FocusRef,
  ): boolean {
    return (
      line === this.#parts.signalling.prepare(confId, focus) &&
      address.confId === confId &&
      address.focus.userId === focus.userId &&
      address.focus.deviceId === focus.deviceId &&
      iceServers === this.#parts.options.room.iceServers &&
      protection === this.#parts.protection.ofSession() &&
      ageMs < PREPARED_FOR_MS
    );
  }

  #make(confId: string, focus: FocusRef, { history, subscriber }: Earlier): Session {
    const { options, signalling, send, data, eventsOf } = this.#parts;
    const { room, capture, guessSize, hearsNewcomers = true, preferences = NO_PREFERENCES } = options;
    const protection = this.#parts.protection.ofSession();
    const address = {
      roomId: room.roomId,
      confId,
      callId: crypto.randomUUID(),
      sessionId: crypto.randomUUID(),
      self: { userId: room.self.userId, deviceId: room.self.deviceId },
      focus,
    };
    const session: Session = new Session(
      {
        address,
        line: signalling.prepare(confId, focus),
        send,
        capture,
        iceServers: room.iceServers,
        preferences: protection === undefined ? preferences : encryptablePreferences(preferences),
        protection,
        certificate: this.#certificate,
        guessSize,
        hearsNewcomers,
        answerTimeoutMs: answerTimeoutMs(history),
        previous: subscriber,
        data,
      },
      eventsOf(() => session),
    );
    return session;
  }
}
