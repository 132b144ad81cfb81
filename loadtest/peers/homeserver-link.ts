import { setTimeout as delay } from 'node:timers/promises';
import type { MatrixDevice } from './call-place.ts';
import type { LinkEvents, ReceivedToDevice, SignallingLink } from './signalling-link.ts';

const LONG_POLL_MS = 20_000;
const REQUEST_TIMEOUT_MS = 30_000;
const RETRY_MS = 200;

// To-device events alone: rooms would cost a homeserver with many peers more than the call.
const FILTER = JSON.stringify({
  presence: { types: [] },
  account_data: { types: [] },
  room: { rooms: [] },
});

/** One device's connection to its homeserver: what it sends, and a sync loop for what it is sent. */
export class HomeserverLink implements SignallingLink {
  readonly user: MatrixDevice;
  readonly #baseUrl: string;
  readonly #closing = new AbortController();
  #loop: Promise<void> | undefined;
  #transaction = 0;

  constructor(baseUrl: string, user: MatrixDevice) {
    this.#baseUrl = baseUrl;
    this.user = user;
  }

  /** Forgets what was sent to the device before, then hands over every to-device event, in order. */
  async open({ toDevice }: Pick<LinkEvents, 'toDevice'>): Promise<void> {
    const first = await this.#sync(undefined, 0);
    // Synapse gives what waits for the device with the second request.
    let latest = await this.#sync(first.next, 0);
    while (latest.events.length > 0) latest = await this.#sync(latest.next, 0);
    this.#loop = this.#run(latest.next, toDevice);
  }

  async sendToDevice(userId: string, deviceId: string, type: string, content: unknown): Promise<void> {
    this.#transaction += 1;
    const id = `${this.user.deviceId}-${process.pid}-${Date.now()}-${this.#transaction}`;
    await this.request('PUT', ['sendToDevice', type, id], { messages: { [userId]: { [deviceId]: content } } });
  }

  async sendState(roomId: string, type: string, stateKey: string, content: unknown): Promise<void> {
    await this.request('PUT', ['rooms', roomId, 'state', type, stateKey], content);
  }

  /** What tells others who its user is. */
  openIdToken(): Promise<unknown> {
    return this.request('POST', ['user', this.user.userId, 'openid', 'request_token'], {});
  }

  /** To-device messages take none. */
  sendControl(): boolean {
    return false;
  }

  /** One request of the client-server API. Rejects where the homeserver refuses it. */
  async request(method: 'GET' | 'PUT' | 'POST', path: readonly string[], body?: unknown): Promise<unknown> {
    const url = `${this.#baseUrl}/_matrix/client/v3/${path.map(encodeURIComponent).join('/')}`;
    return this.#fetch(method, url, body);
  }

  /** Ends the sync loop; resolves when it has ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #run(first: string, receive: (event: ReceivedToDevice) => void): Promise<void> {
    let since = first;
    while (!this.#isClosed()) {
      try {
        const answer = await this.#sync(since, LONG_POLL_MS);
        since = answer.next;
        for (const event of answer.events) receive(event);
      } catch {
        // The homeserver is away, or this link is being closed.
        if (!this.#isClosed()) await delay(RETRY_MS);
      }
    }
  }

  async #sync(since: string | undefined, timeoutMs: number): Promise<{ next: string; events: ReceivedToDevice[] }> {
    const query = new URLSearchParams({ timeout: String(timeoutMs), filter: FILTER, ...(since ? { since } : {}) });
    const body = await this.#fetch('GET', `${this.#baseUrl}/_matrix/client/v3/sync?${query}`);
    const next = propertyOf(body, 'next_batch');
    if (typeof next !== 'string') throw new Error('sync: no next_batch');
    const events = propertyOf(propertyOf(body, 'to_device'), 'events');
    return { next, events: (Array.isArray(events) ? events : []).map(readEvent) };
  }

  async #fetch(method: string, url: string, body?: unknown): Promise<unknown> {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${this.user.accessToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    const answer: unknown = await response.json();
    if (!response.ok) {
      throw new Error(`${method} ${new URL(url).pathname}: ${response.status} ${JSON.stringify(answer)}`);
    }
    return answer;
  }
}

function readEvent(event: unknown): ReceivedToDevice {
  return {
    type: String(propertyOf(event, 'type')),
    sender: String(propertyOf(event, 'sender')),
    content: propertyOf(event, 'content'),
  };
}

function propertyOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
