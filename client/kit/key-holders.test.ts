import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { DeviceIdentity } from './homeserver.ts';
import { KeyHolders } from './key-holders.ts';
import type { Device } from './room.ts';

const SELF = { userId: '@ana:x', deviceId: 'ANADEV' };
const BO = { userId: '@bo:x', deviceId: 'BODEV' };
const CARL = { userId: '@carl:x', deviceId: 'CARLDEV' };

let known: Map<string, Omit<DeviceIdentity, keyof Device>>;
let tells: boolean;
let asked: number;
let changes: number;
let holders: KeyHolders;

beforeEach(() => {
  vi.useFakeTimers();
  known = new Map([SELF, BO].map(({ deviceId }) => [deviceId, { fingerprint: `key of ${deviceId}`, verified: false }]));
  tells = true;
  asked = 0;
  changes = 0;
  const identities = async (devices: readonly Device[]): Promise<DeviceIdentity[] | undefined> => {
    asked += 1;
    if (!tells) return undefined;
    const nothing = { fingerprint: undefined, verified: false };
    return devices.map(({ userId, deviceId }) => ({ userId, deviceId, ...(known.get(deviceId) ?? nothing) }));
  };
  holders = new KeyHolders({ self: SELF, homeserver: { identities } }, () => {
    changes += 1;
  });
});
afterEach(() => {
  holders.clear();
  vi.useRealTimers();
});

/** A code takes real work, which fake timers do not see. */
async function settle(ms = 500): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await vi.waitFor(() => expect(holders.code).toBeDefined(), { timeout: 10_000 });
}

it('names who holds keys at once, and has a code when all devices are known', async () => {
  holders.follow([BO]);
  expect(holders.holders).toEqual([SELF, BO].map(device => ({ ...device, verified: undefined })));
  expect(holders.code).toBeUndefined();
  await settle();
  expect(holders.code).toMatch(/^(\d{4} ){7}\d{4}$/);
  expect(holders.holders.map(({ verified }) => verified)).toEqual([false, false]);
});

it('asks once for those who come at once, and not at all where nothing changed', async () => {
  holders.follow([BO]);
  holders.follow([BO, CARL]);
  holders.follow([BO]);
  await settle();
  expect(asked).toBe(1);
  const before = changes;
  holders.follow([BO]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([asked, changes]).toEqual([1, before]);
});

it('takes the code back when somebody comes, and asks again until their device is known', async () => {
  holders.follow([BO]);
  await settle();
  const before = holders.code;
  holders.follow([BO, CARL]);
  expect(holders.code).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(holders.code).toBeUndefined();
  known.set(CARL.deviceId, { fingerprint: 'key of carl', verified: true });
  await settle(6_000);
  expect(holders.code).not.toBe(before);
  expect(holders.holders.at(-1)).toEqual({ ...CARL, verified: true });
});

it('has no code where nobody tells of devices', async () => {
  tells = false;
  holders.follow([BO]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(holders.code).toBeUndefined();
  expect(holders.holders).toHaveLength(2);
});
