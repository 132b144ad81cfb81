/** Call messages between one session and its focus (MSC2746 as MSC3401 sends it): over the line where it is open, else to-device. */
import type { InviteWay } from './marks.ts';
import type { Device } from './room.ts';
import type { SignalLine } from './signal-line.ts';
import type { SendToDevice } from './to-device-sends.ts';
import {
  type Description,
  FOCUS_SESSION_ID,
  type FocusRef,
  type FocusToDevice,
  parseFocusToDevice,
  STREAM_METADATA_KEYS,
  STREAMS_CHANGED,
  type StreamMetadata,
  VOIP_VERSION,
  writeSignalFrame,
} from './wire.ts';
import type { ToDeviceMessage } from './homeserver-answers.ts';

/** How long an invite may be answered: no longer than we wait for it, or late answers pile up behind a restart. */
export const INVITE_LIFETIME_MS = 10_000;

/** A homeserver that hangs must not hold up what mends the call: longest wait for the message before, in ms. */
const ORDER_PATIENCE_MS = 2_000;

/** What of a line a session needs. */
export type LineOfSession = Pick<
  SignalLine,
  'carries' | 'check' | 'close' | 'hurry' | 'invite' | 'release' | 'say' | 'take'
>;

/** Which call this is, between whom. */
export interface CallAddress {
  roomId: string;
  confId: string;
  callId: string;
  sessionId: string;
  self: Device;
  focus: FocusRef;
}

interface SendOptions {
  /** The page is going away. */
  keepAlive?: boolean;
  alsoToDevice?: boolean;
}

export class FocusLink {
  readonly address: CallAddress;
  readonly #send: SendToDevice;
  readonly #line: LineOfSession | undefined;
  #seq = 0;
  #last: Promise<unknown> = Promise.resolve();
  #invite: object | undefined;
  #wentBothWays = false;

  constructor(address: CallAddress, send: SendToDevice, line: LineOfSession | undefined) {
    this.address = address;
    this.#send = send;
    this.#line = line;
  }

  /** Whether the line carries this session. */
  get isOnLine(): boolean {
    return this.#line?.carries(this.address.callId) === true;
  }

  /** Tells `chosen` the way before the message goes. Rejects where the homeserver does not take it. */
  async invite(sdp: string, metadata: StreamMetadata, chosen: (way: InviteWay) => void): Promise<void> {
    const content = this.#contentOf({
      lifetime: INVITE_LIFETIME_MS,
      invitee: this.address.focus.userId,
      offer: { type: 'offer', sdp },
      capabilities: {
        'm.call.transferee': false,
        'm.call.dtmf': false,
        'org.weir.early_offer': true,
        [STREAMS_CHANGED]: true,
      },
      'org.weir.room_id': this.address.roomId,
      [STREAM_METADATA_KEYS[0]]: metadata,
    });
    this.#invite = content;
    if (this.#line?.invite(this.address, writeSignalFrame('m.call.invite', content)) === true) {
      chosen('ws');
      return;
    }
    chosen('to-device');
    await this.#sendInOrder('m.call.invite', content);
  }

  /** The line may have lost the invite: sends it to-device, too. A focus that has it already passes over this one. */
  async inviteAgain(): Promise<void> {
    if (this.#invite === undefined) return;
    this.#wentBothWays = true;
    await this.#sendInOrder('m.call.invite', this.#invite);
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
    // A page that goes away may take its socket with it, and no invite may outlive its hangup.
    return this.#put(
      'm.call.hangup',
      { reason },
      { ...options, alsoToDevice: options?.keepAlive ?? this.#wentBothWays },
    );
  }

  /** The message, where it comes from our focus and is meant for this session. */
  read(message: ToDeviceMessage): FocusToDevice | undefined {
    if (message.sender !== this.address.focus.userId) return undefined;
    const parsed = parseFocusToDevice(message.type, message.content);
    if (parsed === undefined || parsed.kind === 'bad') return undefined;
    const { callId, destSessionId } = parsed.value;
    return callId === this.address.callId && destSessionId === this.address.sessionId ? parsed.value : undefined;
  }

  async #put(type: string, content: object, options: SendOptions = {}): Promise<void> {
    const whole = this.#contentOf(content);
    const said = this.#line?.say(this.address.callId, writeSignalFrame(type, whole)) === true;
    if (!said || options.alsoToDevice === true) await this.#sendInOrder(type, whole, options);
  }

  #sendInOrder(type: string, content: object, { keepAlive = false }: SendOptions = {}): Promise<void> {
    const options = keepAlive ? { keepAlive } : undefined;
    const send = (): Promise<void> => this.#send(this.address.focus, type, content, options);
    // In order, since a hangup must not overtake its invite; but a page that goes away has no time to wait.
    const sent = keepAlive ? send() : atMost(ORDER_PATIENCE_MS, this.#last).then(send);
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  #contentOf(content: object): object {
    const { callId, confId, sessionId, self } = this.address;
    const seq = this.#seq;
    this.#seq += 1;
    return {
      version: VOIP_VERSION,
      call_id: callId,
      conf_id: confId,
      party_id: self.deviceId,
      device_id: self.deviceId,
      sender_session_id: sessionId,
      dest_session_id: FOCUS_SESSION_ID,
      seq,
      'org.matrix.msgid': crypto.randomUUID(),
      ...content,
    };
  }
}

/** Resolves when the promise has settled, or after `ms`. */
async function atMost(ms: number, settling: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise(resolve => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([settling.catch(() => undefined), late]);
  clearTimeout(timer);
}
