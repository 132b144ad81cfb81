/** The homeserver by a MatrixClient that somebody made and started. */
import { ClientEvent, type MatrixClient } from 'matrix-js-sdk/lib/client.js';
import type { ReceivedToDeviceMessage } from 'matrix-js-sdk/lib/sync-accumulator.js';
import type { OlmEncryptionInfo } from 'matrix-js-sdk/lib/crypto-api/index.js';
import { type MessageEncryption, type StateEvent, toDeviceMessageOf } from './homeserver-answers.ts';
import { HomeserverRequests } from './homeserver-requests.ts';
import { KnownDevices } from './known-devices.ts';
import {
  type DeviceIdentity,
  DevicesUnreached,
  type FollowedRoom,
  type Homeserver,
  type RoomNews,
} from './homeserver.ts';
import type { Device } from './room.ts';
import { RoomFeed } from './room-feed.ts';

export class ClientHomeserver extends HomeserverRequests implements Homeserver {
  readonly client: MatrixClient;
  readonly provesDevices = true;
  readonly #devices: KnownDevices;
  #roomId: string | undefined;

  /** Throws where the client has no user or no device. */
  constructor(client: MatrixClient) {
    const deviceId = client.getDeviceId();
    if (deviceId === null) throw new TypeError('The client has no device.');
    super(client.http, { userId: client.getSafeUserId(), deviceId });
    this.client = client;
    this.#devices = new KnownDevices(client, this);
  }

  follow(roomId: string, news: RoomNews): FollowedRoom {
    this.#roomId = roomId;
    const present = (type: string, stateKey: string): Promise<StateEvent | undefined> =>
      this.presentState(roomId, type, stateKey);
    const feed = new RoomFeed(this.client, roomId, news, { present });
    const received = ({ message, encryptionInfo }: ReceivedToDeviceMessage): void => {
      const said = toDeviceMessageOf(message, encryptionInfo === null ? undefined : encryptionOf(encryptionInfo));
      if (said !== undefined) news.toDevice(said);
    };
    this.client.on(ClientEvent.ReceivedToDeviceMessage, received);
    return {
      known: feed.known,
      close: () => {
        feed.close();
        this.client.off(ClientEvent.ReceivedToDeviceMessage, received);
      },
    };
  }

  retryNow(): void {
    this.client.retryImmediately();
  }

  get canEncrypt(): boolean {
    return this.client.getCrypto() !== undefined;
  }

  async identities(devices: readonly Device[]): Promise<readonly DeviceIdentity[] | undefined> {
    const crypto = this.client.getCrypto();
    if (crypto === undefined) return undefined;
    const users = new Set(devices.map(({ userId }) => userId));
    if (this.#roomId !== undefined) await this.#devices.learn(crypto, this.#roomId, users);
    const known = await crypto.getUserDeviceInfo([...users]);
    return Promise.all(
      devices.map(async ({ userId, deviceId }) => {
        const status = await crypto.getDeviceVerificationStatus(userId, deviceId);
        const fingerprint = known.get(userId)?.get(deviceId)?.getFingerprint();
        return { userId, deviceId, fingerprint, verified: status?.isVerified() === true };
      }),
    );
  }

  async sendEncrypted(type: string, devices: readonly Device[], content: Record<string, unknown>): Promise<void> {
    const crypto = this.client.getCrypto();
    if (crypto === undefined) throw new TypeError('The client has no encryption.');
    if (this.#roomId !== undefined)
      await this.#devices.learn(crypto, this.#roomId, new Set(devices.map(({ userId }) => userId)));
    const { eventType, batch } = await crypto.encryptToDeviceMessages(type, [...devices], content);
    const messages: Record<string, Record<string, object>> = {};
    for (const { userId, deviceId, payload } of batch) (messages[userId] ??= {})[deviceId] = payload;
    if (batch.length > 0) await this.sendToDevices(eventType, messages);
    const unreached = devices.filter(({ userId, deviceId }) => messages[userId]?.[deviceId] === undefined);
    for (const { userId } of unreached) this.#devices.doubt(userId);
    if (unreached.length > 0) throw new DevicesUnreached(unreached);
  }
}

function encryptionOf({ sender, senderDevice }: OlmEncryptionInfo): MessageEncryption {
  return { device: senderDevice === undefined ? undefined : { userId: sender, deviceId: senderDevice } };
}
