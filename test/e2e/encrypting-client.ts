/** A client as people use it: matrix-js-sdk with its Rust crypto, in memory. */
import {
  ClientEvent,
  createClient,
  type MatrixClient,
  type MatrixEvent,
  MatrixEventEvent,
  SyncState,
} from 'matrix-js-sdk';
import { logger } from 'matrix-js-sdk/lib/logger.js';
import type { MatrixUser } from '../../demo/synapse.ts';
import { until } from '../../loadtest/peers/until.ts';
import { eventually, WAIT_MS } from './stage.ts';

const silent = {
  log: () => undefined,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  getChild: () => silent,
};

// Parts of the library know no other logger.
Object.assign(logger, silent);

export class EncryptingClient {
  readonly #client: MatrixClient;
  readonly #read: string[] = [];

  private constructor(client: MatrixClient) {
    this.#client = client;
    client.on(MatrixEventEvent.Decrypted, event => this.#decrypted(event));
  }

  /** Has published its device keys, and knows its rooms. */
  static async start(baseUrl: string, { userId, deviceId, accessToken }: MatrixUser): Promise<EncryptingClient> {
    const client = createClient({ baseUrl, userId, deviceId, accessToken, logger: silent });
    await client.initRustCrypto({ useIndexedDB: false });
    const started = new EncryptingClient(client);
    const prepared = new Promise<void>(resolve => {
      client.on(ClientEvent.Sync, state => {
        if (state === SyncState.Prepared) resolve();
      });
    });
    await client.startClient({ initialSyncLimit: 10 });
    await prepared;
    await eventually('its device keys are published', async () => {
      const { device_keys: keys } = await client.downloadKeysForUsers([userId]);
      return keys[userId]?.[deviceId] !== undefined;
    });
    return started;
  }

  /** Sends a message, encrypted where the room is. */
  async say(roomId: string, text: string): Promise<void> {
    await this.#client.sendTextMessage(roomId, text);
  }

  /** Resolves once it has decrypted a message of this text. */
  async untilItReads(text: string): Promise<void> {
    await until(`"${text}" is read`, WAIT_MS, () => this.#read.includes(text));
  }

  stop(): void {
    this.#client.stopClient();
  }

  #decrypted(event: MatrixEvent): void {
    const { body } = event.getContent();
    if (!event.isDecryptionFailure() && typeof body === 'string') this.#read.push(body);
  }
}
