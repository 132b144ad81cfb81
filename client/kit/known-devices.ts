/** Whom a client can encrypt for: it follows the devices of those alone whom it knows as members of an encrypted room. */
import type { MatrixClient } from 'matrix-js-sdk/lib/client.js';
import type { CryptoApi } from 'matrix-js-sdk/lib/crypto-api/index.js';
import type { HomeserverRequests } from './homeserver-requests.ts';

/** Users that are asked for at once. */
const MOST_AT_ONCE = 8;

export class KnownDevices {
  readonly #client: MatrixClient;
  readonly #requests: Pick<HomeserverRequests, 'stateEvent'>;
  readonly #known = new Set<string>();

  constructor(client: MatrixClient, requests: Pick<HomeserverRequests, 'stateEvent'>) {
    this.#client = client;
    this.#requests = requests;
  }

  /** Sees to it that the devices of these members of the room are known, as far as the homeserver tells. Rejects where it cannot be reached. */
  async learn(crypto: CryptoApi, roomId: string, users: ReadonlySet<string>): Promise<void> {
    const asked = [...users].filter(userId => !this.#known.has(userId));
    if (asked.length === 0) return;
    const followed = await crypto.getUserDeviceInfo(asked);
    const strangers = asked.filter(userId => !followed.has(userId));
    for (let begin = 0; begin < strangers.length; begin += MOST_AT_ONCE)
      await Promise.all(strangers.slice(begin, begin + MOST_AT_ONCE).map(userId => this.#introduce(roomId, userId)));
    if (strangers.length > 0) {
      await crypto.getUserDeviceInfo(strangers);
      askForDevices(crypto);
      await crypto.getUserDeviceInfo(strangers);
    }
    for (const userId of asked) this.#known.add(userId);
  }

  /** Something of them was not known after all. */
  doubt(userId: string): void {
    this.#known.delete(userId);
  }

  /** Of large rooms clients load members as they need them; a caller may be one whom it did not need before. */
  async #introduce(roomId: string, userId: string): Promise<void> {
    const room = this.#client.getRoom(roomId);
    const event = await this.#requests.stateEvent(roomId, 'm.room.member', userId);
    if (event !== undefined)
      room?.currentState.setStateEvents([this.#client.getEventMapper()({ ...event, room_id: roomId })]);
  }
}

/** The client asks after each sync of itself; there may be none for half a minute. */
function askForDevices(crypto: CryptoApi): void {
  if (canAsk(crypto)) crypto.onSyncCompleted({});
}

function canAsk(crypto: object): crypto is { onSyncCompleted(state: object): void } {
  return 'onSyncCompleted' in crypto && typeof crypto.onSyncCompleted === 'function';
}
