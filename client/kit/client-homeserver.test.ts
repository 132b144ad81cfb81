/** What goes encrypted to devices, with a stand-in for the encryption of the library. */
import { MatrixClient } from 'matrix-js-sdk/lib/client.js';
import type { CryptoApi } from 'matrix-js-sdk/lib/crypto-api/index.js';
import { Room } from 'matrix-js-sdk/lib/models/room.js';
import { MemoryStore } from 'matrix-js-sdk/lib/store/memory.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ClientHomeserver } from './client-homeserver.ts';

const ROOM = '!r:x';
const BO = { userId: '@bo:x', deviceId: 'BO' };
const CY = { userId: '@cy:x', deviceId: 'CY' };

type Encrypting = Pick<CryptoApi, 'encryptToDeviceMessages' | 'getUserDeviceInfo'>;

/** Encrypts for devices of users that the client knows as members, once it has asked for their keys. */
class FakeCrypto implements Encrypting {
  readonly #room: Room;
  readonly asked = new Set<string>();

  constructor(room: Room) {
    this.#room = room;
  }

  readonly getUserDeviceInfo: Encrypting['getUserDeviceInfo'] = async users =>
    new Map(users.filter(userId => this.#room.getMember(userId) !== null).map(userId => [userId, new Map()]));

  readonly encryptToDeviceMessages: Encrypting['encryptToDeviceMessages'] = async (_type, devices, payload) => ({
    eventType: 'm.room.encrypted',
    batch: devices
      .filter(({ userId }) => this.asked.has(userId))
      .map(device => ({ ...device, payload: { hidden: payload } })),
  });

  onSyncCompleted(): void {
    for (const { userId } of this.#room.getMembers()) this.asked.add(userId);
  }
}

let requests: { path: string; body: unknown }[];
let members: string[];
let homeserver: ClientHomeserver;
let close: () => void;

beforeEach(async () => {
  requests = [];
  members = [BO.userId, CY.userId];
  const nothing = (): void => undefined;
  const logger = {
    getChild: () => logger,
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
  };
  const client = new MatrixClient({
    baseUrl: 'https://hs.example',
    userId: '@me:x',
    deviceId: 'ME',
    store: new MemoryStore(),
    disableVoip: true,
    logger,
    fetchFn: async (input, init) => {
      const path = decodeURIComponent(new URL(input instanceof Request ? input.url : input).pathname);
      requests.push({ path, body: typeof init?.body === 'string' ? JSON.parse(init.body) : undefined });
      const userId = members.find(member => path.endsWith(`/state/m.room.member/${member}`));
      if (path.includes('/sendToDevice/')) return Response.json({});
      if (userId === undefined) return Response.json({ errcode: 'M_NOT_FOUND' }, { status: 404 });
      return Response.json({
        type: 'm.room.member',
        state_key: userId,
        sender: userId,
        event_id: `$${userId}`,
        content: { membership: 'join', displayname: 'Somebody' },
      });
    },
  });
  const room = new Room(ROOM, client, '@me:x');
  client.store.storeRoom(room);
  const crypto = new FakeCrypto(room);
  vi.spyOn(client, 'getCrypto').mockReturnValue(crypto as Encrypting as CryptoApi);
  homeserver = new ClientHomeserver(client);
  const news = { state: nothing, trouble: nothing, removed: nothing, toDevice: nothing };
  const followed = homeserver.follow(ROOM, news);
  close = () => followed.close();
});
afterEach(() => {
  close();
  vi.restoreAllMocks();
});

const sent = (): unknown[] => requests.filter(({ path }) => path.includes('/sendToDevice/')).map(({ body }) => body);

it('goes to devices of people whom the client did not know yet, in one request', async () => {
  await homeserver.sendEncrypted('t', [BO, CY], { key: 1 });
  const hidden = { hidden: { key: 1 } };
  expect(sent()).toEqual([{ messages: { [BO.userId]: { BO: hidden }, [CY.userId]: { CY: hidden } } }]);
  expect(requests.at(-1)?.path).toContain('/sendToDevice/m.room.encrypted/');
});

it('asks who they are once', async () => {
  await homeserver.sendEncrypted('t', [BO], {});
  requests = [];
  await homeserver.sendEncrypted('t', [BO], {});
  expect(requests).toHaveLength(1);
});

it('says whom it did not reach, and reaches the others', async () => {
  members = [CY.userId];
  await expect(homeserver.sendEncrypted('t', [BO, CY], {})).rejects.toMatchObject({ devices: [BO] });
  expect(sent()).toEqual([{ messages: { [CY.userId]: { CY: { hidden: {} } } } }]);
  members = [BO.userId, CY.userId];
  await homeserver.sendEncrypted('t', [BO], {});
  expect(sent()).toHaveLength(2);
});
