import type { OpenIdToken, StateEvent } from '../homeserver-answers.ts';
import type { FollowedRoom, Homeserver, RoomNews } from '../homeserver.ts';
import type { TurnAnswer } from '../ice-servers.ts';
import type { Device } from '../room.ts';

interface SentToDevice {
  to: Device;
  type: string;
  content: Record<string, unknown>;
}

/** A homeserver of one room: it keeps what was sent, and tells what a test lets it tell. */
export class FakeHomeserver implements Homeserver {
  readonly self: Device;
  readonly sent: SentToDevice[] = [];
  readonly provesDevices = true;
  readonly canEncrypt = false;
  readonly #state: StateEvent[];
  #news: RoomNews | undefined;

  constructor(self: Device, state: StateEvent[]) {
    this.self = self;
    this.#state = state;
  }

  /** Nobody follows the room any more. */
  get isLeft(): boolean {
    return this.#news === undefined;
  }

  /** The focus says something to the session of the latest invite. */
  fakeMessage(sender: string, type: string, content: object): void {
    const invite = this.sent.findLast(({ type }) => type === 'm.call.invite');
    if (invite === undefined) throw new Error('nobody was invited');
    const { call_id, sender_session_id } = invite.content;
    const whole = { call_id, dest_session_id: sender_session_id, ...content };
    this.#news?.toDevice({ type, sender, content: whole, encryption: undefined });
  }

  async identities(): Promise<undefined> {
    return undefined;
  }

  async join(room: string): Promise<string> {
    return room;
  }

  follow(_roomId: string, news: RoomNews): FollowedRoom {
    this.#news = news;
    const known = Promise.resolve().then(() => news.state(this.#state));
    const close = (): void => {
      this.#news = undefined;
    };
    return { known, close };
  }

  retryNow(): void {}

  async sendToDevice(userId: string, deviceId: string, type: string, content: object): Promise<void> {
    this.sent.push({ to: { userId, deviceId }, type, content: { ...content } });
  }

  async sendEncrypted(): Promise<void> {}
  async putState(): Promise<void> {}
  async invite(): Promise<void> {}

  async membership(): Promise<string> {
    return 'join';
  }

  async creation(): Promise<undefined> {
    return undefined;
  }

  async displayName(_roomId: string, userId: string): Promise<string> {
    return `Name of ${userId}`;
  }

  async iceServers(): Promise<TurnAnswer> {
    return { servers: [], lifetimeMs: undefined };
  }

  async openIdToken(): Promise<OpenIdToken> {
    return { access_token: 'openid', token_type: 'Bearer', matrix_server_name: 'a.example', expires_in: 3_600 };
  }
}
