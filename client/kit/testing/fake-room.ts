import type { RoomOfCall } from '../call-options.ts';
import type { OpenIdToken, ToDeviceMessage } from '../homeserver-answers.ts';
import type { Problem } from '../problems.ts';
import type { Device } from '../room.ts';
import type { FocusRef } from '../wire.ts';

export const SELF = { userId: '@ana:a.example', deviceId: 'ANADEV' };
export const FOCUS = { userId: '@focus:f.example', deviceId: 'FOCUSDEV' };

interface Sent {
  type: string;
  content: Record<string, unknown>;
  keepAlive: boolean;
}

/** A room without a homeserver: it keeps what was sent, and says what a test tells it to. */
export class FakeRoom implements RoomOfCall {
  readonly roomId = '!room:a.example';
  readonly self = SELF;
  iceServers: RTCIceServer[] = [];
  confId: string | undefined = 'conf';
  focus: FocusRef | undefined = FOCUS;
  isFocusOurs = false;
  isEncrypted = false;
  readonly devicesThere: Device[] = [];
  obstacle: Problem | undefined;
  readonly sent: Sent[] = [];
  readonly announced: string[] = [];
  withdrawn = 0;
  announceFails: Error | undefined;
  sendFails: Error | undefined;
  openIdFails: Error | undefined;
  readonly #changes = new Set<() => void>();
  #listener: ((message: ToDeviceMessage) => void) | undefined;

  /** How often it was said that the network may be back. */
  retries = 0;

  readonly homeserver = {
    provesDevices: true,
    canEncrypt: false,
    identities: async (): Promise<undefined> => undefined,
    sendEncrypted: async (): Promise<void> => undefined,
    retryNow: (): void => {
      this.retries += 1;
    },
    openIdToken: async (): Promise<OpenIdToken> => {
      if (this.openIdFails !== undefined) throw this.openIdFails;
      return { access_token: 'openid', token_type: 'Bearer', matrix_server_name: 'a.example', expires_in: 3_600 };
    },
    sendToDevice: async (
      _user: string,
      _device: string,
      type: string,
      content: object,
      options: { keepAlive?: boolean } = {},
    ): Promise<void> => {
      if (this.sendFails !== undefined) throw this.sendFails;
      this.sent.push({ type, content: { ...content }, keepAlive: options.keepAlive ?? false });
    },
  };

  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  onMessage(listener: (message: ToDeviceMessage) => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  async ensureConference(): Promise<string> {
    this.confId ??= 'made';
    return this.confId;
  }

  async announce(_confId: string, sessionId: string): Promise<void> {
    if (this.announceFails !== undefined) throw this.announceFails;
    this.announced.push(sessionId);
  }

  async withdraw(): Promise<void> {
    this.withdrawn += 1;
  }

  get invites(): Sent[] {
    return this.sent.filter(({ type }) => type === 'm.call.invite');
  }

  /** The focus says something to the session of `invite`, the latest where none is given. */
  fakeMessage(type: string, content: object, invite = this.invites.at(-1), sender = FOCUS.userId): void {
    if (invite === undefined) throw new Error('nothing was sent');
    const { call_id, sender_session_id } = invite.content;
    this.#listener?.({
      type,
      sender,
      content: { call_id, dest_session_id: sender_session_id, ...content },
      encryption: undefined,
    });
  }

  /** The homeserver delivers a message of the focus. */
  fakeToDevice(type: string, content: Record<string, unknown>): void {
    this.#listener?.({ type, sender: FOCUS.userId, content, encryption: undefined });
  }

  fakeAnswer(metadata: object = {}, earlyOffer?: string): void {
    this.fakeMessage('m.call.answer', {
      answer: { type: 'answer', sdp: 'v=0\r\n' },
      ...(earlyOffer === undefined ? {} : { 'org.weir.early_offer': { type: 'offer', sdp: earlyOffer } }),
      'org.matrix.msc3077.sdp_stream_metadata': metadata,
    });
  }
}
