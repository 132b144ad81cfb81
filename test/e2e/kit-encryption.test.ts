/** What the kit sends encrypted from device to device, by true clients of the library and a true homeserver. */
import { MatrixClient } from 'matrix-js-sdk/lib/client.js';
import { Filter } from 'matrix-js-sdk/lib/filter.js';
import { MemoryStore } from 'matrix-js-sdk/lib/store/memory.js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ClientHomeserver } from '../../client/kit/client-homeserver.ts';
import type { ToDeviceMessage } from '../../client/kit/homeserver-answers.ts';
import { callFilter } from '../../client/kit/homeserver.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { eventually, Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  // The library logs to the console, too.
  for (const say of ['log', 'info', 'debug', 'warn'] as const) vi.spyOn(console, say).mockReturnValue();
  stage = await Stage.start();
});
afterAll(async () => {
  vi.restoreAllMocks();
  await stage.end();
});

const nothing = (): void => undefined;
const SILENT = { getChild: () => SILENT, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A device with keys, that follows a room as the kit does. */
class Device implements Disposable {
  readonly heard: ToDeviceMessage[] = [];
  readonly homeserver: ClientHomeserver;
  readonly #client: MatrixClient;
  readonly #close: () => void;

  private constructor(client: MatrixClient, roomId: string) {
    this.#client = client;
    this.homeserver = new ClientHomeserver(client);
    const followed = this.homeserver.follow(roomId, {
      toDevice: message => this.heard.push(message),
      state: nothing,
      trouble: nothing,
      removed: nothing,
    });
    this.#close = () => followed.close();
  }

  static async start({ userId, deviceId, accessToken }: MatrixUser, roomId: string): Promise<Device> {
    const baseUrl = stage.synapse.baseUrl;
    const client = new MatrixClient({
      ...{ baseUrl, userId, deviceId, accessToken },
      store: new MemoryStore(),
      disableVoip: true,
      logger: SILENT,
    });
    await client.initRustCrypto({ useIndexedDB: false });
    const filter = new Filter(userId);
    filter.setDefinition(callFilter(roomId));
    const device = new Device(client, roomId);
    await client.startClient({ filter, lazyLoadMembers: true });
    await eventually('its keys are published', async () => {
      return (await device.homeserver.deviceKey(device.homeserver.self)) !== undefined;
    });
    return device;
  }

  [Symbol.dispose](): void {
    this.#close();
    this.#client.stopClient();
  }
}

test('a message comes to the device that it is for, and says from which it is', async () => {
  await using scene = stage.scene();
  const [alice, bob] = await scene.users(2);
  const { roomId } = await scene.callRoom([alice, bob], { encrypted: true });
  using first = await Device.start(alice, roomId);
  using second = await Device.start(await stage.synapse.login(bob), roomId);
  const content = { key: 'something secret' };
  await first.homeserver.sendEncrypted('org.example.key', [second.homeserver.self], content);
  await eventually('it is there', async () => second.heard.length > 0);
  expect(second.heard).toMatchObject([
    {
      type: 'org.example.key',
      sender: alice.userId,
      content,
      encryption: { device: { userId: alice.userId, deviceId: alice.deviceId } },
    },
  ]);

  await second.homeserver.sendEncrypted('org.example.key', [first.homeserver.self], content);
  await eventually('the answer is there', async () => first.heard.length > 0);
  await first.homeserver.sendToDevice(bob.userId, second.homeserver.self.deviceId, 'org.example.clear', {});
  await eventually('what came in clear is told as such', async () => second.heard.length > 1);
  expect(second.heard.at(-1)).toMatchObject({ type: 'org.example.clear', encryption: undefined });
});

test('a device without keys is named; the others get theirs', async () => {
  await using scene = stage.scene();
  const [alice, bob, carol] = await scene.users(3);
  const { roomId } = await scene.callRoom([alice, bob, carol], { encrypted: true });
  using first = await Device.start(await stage.synapse.login(alice), roomId);
  using second = await Device.start(await stage.synapse.login(bob), roomId);
  const keyless = { userId: carol.userId, deviceId: carol.deviceId };
  const sending = first.homeserver.sendEncrypted('org.example.key', [second.homeserver.self, keyless], {});
  await expect(sending).rejects.toMatchObject({ devices: [keyless] });
  await eventually('it is there', async () => second.heard.length > 0);
});
