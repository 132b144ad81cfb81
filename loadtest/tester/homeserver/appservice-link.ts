import type { MatrixDevice } from '../../peers/call-place.ts';
import type { LinkEvents, ReceivedToDevice, SignallingLink } from '../../peers/signalling-link.ts';
import { askHomeserver, type MatrixRequest } from './api.ts';

/** Acts as a device of one of its users: MSC3202's and MSC4326's query keys, and the appservice API's `user_id`. */
export function masquerade({ userId, deviceId }: Pick<MatrixDevice, 'userId' | 'deviceId'>): Record<string, string> {
  return { user_id: userId, device_id: deviceId, 'org.matrix.msc3202.device_id': deviceId };
}

/** A device of an appservice's user: it sends with the appservice's token, and is handed what comes by transaction. */
export class AppserviceLink implements SignallingLink {
  readonly #homeserver: string;
  readonly #asToken: string;
  readonly #device: MatrixDevice;
  readonly #closing = new AbortController();
  #events: LinkEvents | undefined;
  #transaction = 0;

  constructor(homeserver: string, asToken: string, device: MatrixDevice) {
    this.#homeserver = homeserver;
    this.#asToken = asToken;
    this.#device = device;
  }

  open(events: LinkEvents): Promise<void> {
    this.#events = events;
    return Promise.resolve();
  }

  /** An event of a transaction for this device. */
  hand(event: ReceivedToDevice): void {
    this.#events?.toDevice(event);
  }

  async sendToDevice(userId: string, deviceId: string, type: string, content: unknown): Promise<void> {
    this.#transaction += 1;
    const id = `${this.#device.deviceId}-${process.pid}-${Date.now()}-${this.#transaction}`;
    await this.#ask({
      method: 'PUT',
      path: ['v3', 'sendToDevice', type, id],
      body: { messages: { [userId]: { [deviceId]: content } } },
    });
  }

  async sendState(roomId: string, type: string, stateKey: string, content: unknown): Promise<void> {
    await this.#ask({ method: 'PUT', path: ['v3', 'rooms', roomId, 'state', type, stateKey], body: content });
  }

  openIdToken(): Promise<unknown> {
    const path = ['v3', 'user', this.#device.userId, 'openid', 'request_token'];
    return this.#ask({ method: 'POST', path, body: {} });
  }

  sendControl(): boolean {
    return false;
  }

  close(): Promise<void> {
    this.#events = undefined;
    this.#closing.abort();
    return Promise.resolve();
  }

  #ask(request: Omit<MatrixRequest, 'token' | 'query' | 'signal'>): Promise<unknown> {
    const { signal } = this.#closing;
    return askHomeserver(this.#homeserver, { ...request, token: this.#asToken, query: masquerade(this.#device), signal });
  }
}
