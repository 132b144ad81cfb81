import { randomUUID } from 'node:crypto';
import type { MatrixDevice } from '../../peers/call-place.ts';
import type { LinkEvents, ReceivedToDevice, SignallingLink } from '../../peers/signalling-link.ts';
import { askHomeserver, type MatrixRequest, textOf } from './api.ts';

/** Acts as a device of one of its users: MSC3202's and MSC4326's query keys, and the appservice API's `user_id`. */
export function masquerade({ userId, deviceId }: Pick<MatrixDevice, 'userId' | 'deviceId'>): Record<string, string> {
  return { user_id: userId, device_id: deviceId, 'org.matrix.msc3202.device_id': deviceId };
}

/** After an invite that nobody has answered, in ms; each time twice as long. */
const FETCHES_AFTER_MS = 2_000;
const MOST_FETCHES = 5;
/** Events that are known again when they come a second time. */
const MOST_KNOWN = 32;
// To-device events alone.
const FILTER = JSON.stringify({
  presence: { types: [] },
  account_data: { types: [] },
  room: { rooms: [] },
});

/**
 * A device of an appservice's user: it sends with the appservice's token, and is handed what comes by transaction.
 *
 * Synapse leaves out of its transactions what it is sent for several users at the same time: the first of them moves the position
 * in the stream on for all (seen with 1.163). An answer that stays away is therefore fetched by /sync.
 */
export class AppserviceLink implements SignallingLink {
  readonly #homeserver: string;
  readonly #asToken: string;
  readonly #device: MatrixDevice;
  readonly #onFetched: (type: string) => void;
  readonly #closing = new AbortController();
  readonly #known = new Set<string>();
  #events: LinkEvents | undefined;
  #fetch: NodeJS.Timeout | undefined;
  /** Id of the call whose answer is awaited. */
  #awaited: unknown;

  /** `onFetched` hears the types of events that no transaction has brought. */
  constructor(homeserver: string, asToken: string, device: MatrixDevice, onFetched: (type: string) => void) {
    this.#onFetched = onFetched;
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
    if (this.#awaited !== undefined && callOf(event.content) === this.#awaited) this.#stopFetching();
    const text = textOfEvent(event);
    if (this.#known.has(text)) return;
    this.#known.add(text);
    const [oldest] = this.#known;
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    this.#events?.toDevice(event);
  }

  async sendToDevice(userId: string, deviceId: string, type: string, content: unknown): Promise<void> {
    if (type === 'm.call.invite') this.#awaited = callOf(content);
    // Synapse knows transactions of an appservice by their id alone, whichever of its users they are of.
    const id = randomUUID();
    await this.#ask({
      method: 'PUT',
      path: ['v3', 'sendToDevice', type, id],
      body: { messages: { [userId]: { [deviceId]: content } } },
    });
    if (type === 'm.call.invite' && this.#awaited !== undefined) this.#fetchLater(FETCHES_AFTER_MS, MOST_FETCHES);
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
    this.#stopFetching();
    this.#closing.abort();
    return Promise.resolve();
  }

  #stopFetching(): void {
    this.#awaited = undefined;
    clearTimeout(this.#fetch);
  }

  #fetchLater(afterMs: number, times: number): void {
    clearTimeout(this.#fetch);
    if (times === 0) return;
    this.#fetch = setTimeout(() => {
      this.#fetchAll()
        // What cannot be fetched is missing, which the judgement of its receiver shows.
        .catch(() => undefined)
        .finally(() => {
          if (this.#awaited !== undefined) this.#fetchLater(2 * afterMs, times - 1);
        });
    }, afterMs);
  }

  /** All that waits for the device. */
  async #fetchAll(): Promise<void> {
    let since: string | undefined;
    for (;;) {
      const query = { timeout: '0', filter: FILTER, ...(since === undefined ? {} : { since }) };
      const answer = await this.#ask({ method: 'GET', path: ['v3', 'sync'], query });
      const events = toDeviceOf(answer);
      for (const event of events) {
        if (!this.#known.has(textOfEvent(event))) this.#onFetched(event.type);
        this.hand(event);
      }
      const next = textOf(answer, 'next_batch');
      // Synapse gives what waits for the device with the second request.
      if (next === undefined || (since !== undefined && events.length === 0)) return;
      since = next;
    }
  }

  #ask(request: Omit<MatrixRequest, 'token' | 'signal'>): Promise<unknown> {
    const { signal } = this.#closing;
    const query = { ...request.query, ...masquerade(this.#device) };
    return askHomeserver(this.#homeserver, { ...request, token: this.#asToken, query, signal });
  }
}

/** The same whichever way it came. */
function textOfEvent({ type, sender, content }: ReceivedToDevice): string {
  return JSON.stringify([type, sender, content]);
}

function callOf(content: unknown): unknown {
  return typeof content === 'object' && content !== null ? Reflect.get(content, 'call_id') : undefined;
}

function toDeviceOf(answer: unknown): ReceivedToDevice[] {
  const inner: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'to_device') : undefined;
  const events: unknown = typeof inner === 'object' && inner !== null ? Reflect.get(inner, 'events') : undefined;
  return (Array.isArray(events) ? events : []).map((event: unknown) => {
    const content: unknown = typeof event === 'object' && event !== null ? Reflect.get(event, 'content') : undefined;
    return { type: textOf(event, 'type') ?? '', sender: textOf(event, 'sender') ?? '', content };
  });
}
