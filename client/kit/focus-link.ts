/** To-device messages between one session and its focus (MSC2746 as MSC3401 sends it). */
import type { Device } from './room.ts';
import {
  type Description,
  FOCUS_SESSION_ID,
  type FocusRef,
  type FocusToDevice,
  parseFocusToDevice,
  STREAM_METADATA_KEYS,
  type StreamMetadata,
  VOIP_VERSION,
} from './wire.ts';
import type { ToDeviceMessage } from './homeserver-answers.ts';

/** Hands one message to the homeserver. */
export type SendToDevice = (
  to: FocusRef,
  type: string,
  content: object,
  options?: { keepAlive?: boolean },
) => Promise<void>;

/** How long an invite may be answered: no longer than we wait for it, or late answers pile up behind a restart. */
export const INVITE_LIFETIME_MS = 10_000;

/** Which call this is, between whom. */
export interface CallAddress {
  roomId: string;
  confId: string;
  callId: string;
  sessionId: string;
  self: Device;
  focus: FocusRef;
}

export class FocusLink {
  readonly address: CallAddress;
  readonly #send: SendToDevice;
  #seq = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(address: CallAddress, send: SendToDevice) {
    this.address = address;
    this.#send = send;
  }

  invite(sdp: string, metadata: StreamMetadata): Promise<void> {
    return this.#put('m.call.invite', {
      lifetime: INVITE_LIFETIME_MS,
      invitee: this.address.focus.userId,
      offer: { type: 'offer', sdp },
      capabilities: { 'm.call.transferee': false, 'm.call.dtmf': false, 'org.weir.early_offer': true },
      'org.weir.room_id': this.address.roomId,
      [STREAM_METADATA_KEYS[0]]: metadata,
    });
  }

  selectAnswer(): Promise<void> {
    return this.#put('m.call.select_answer', { selected_party_id: this.address.focus.deviceId });
  }

  /** All candidates in one message, the end of them included. */
  candidates(candidates: RTCIceCandidate[]): Promise<void> {
    const trickled = candidates.map(({ candidate, sdpMid, sdpMLineIndex }) => ({ candidate, sdpMid, sdpMLineIndex }));
    return this.#put('m.call.candidates', { candidates: [...trickled, { candidate: '' }] });
  }

  /** Where the data channel is not open (yet, or any more). */
  negotiate(description: Description, metadata: StreamMetadata): Promise<void> {
    return this.#put('m.call.negotiate', { description, [STREAM_METADATA_KEYS[0]]: metadata });
  }

  hangup(reason: 'user_hangup' | 'ice_failed' | 'invite_timeout', options?: { keepAlive: boolean }): Promise<void> {
    return this.#put('m.call.hangup', { reason }, options);
  }

  /** The message, where it comes from our focus and is meant for this session. */
  read(message: ToDeviceMessage): FocusToDevice | undefined {
    if (message.sender !== this.address.focus.userId) return undefined;
    const parsed = parseFocusToDevice(message.type, message.content);
    if (parsed === undefined || parsed.kind === 'bad') return undefined;
    const { callId, destSessionId } = parsed.value;
    return callId === this.address.callId && destSessionId === this.address.sessionId ? parsed.value : undefined;
  }

  #put(type: string, content: object, options?: { keepAlive: boolean }): Promise<void> {
    const { callId, confId, sessionId, self, focus } = this.address;
    const seq = this.#seq;
    this.#seq += 1;
    const common = {
      version: VOIP_VERSION,
      call_id: callId,
      conf_id: confId,
      party_id: self.deviceId,
      device_id: self.deviceId,
      sender_session_id: sessionId,
      dest_session_id: FOCUS_SESSION_ID,
      seq,
      'org.matrix.msgid': crypto.randomUUID(),
    };
    const send = (): Promise<void> => this.#send(focus, type, { ...common, ...content }, options);
    // In order, since a hangup must not overtake its invite; but a page that goes away has no time to wait.
    const sent = options?.keepAlive === true ? send() : this.#last.then(send, send);
    this.#last = sent.catch(() => undefined);
    return sent;
  }
}
