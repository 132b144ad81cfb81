/** Who is in a call stands in the room's list: other operators' foci let nobody through who does not. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type EntrySession, MemberEntry } from './member-entry.ts';

const SESSION: EntrySession = {
  sessionId: 'session',
  options: { address: { confId: 'conf', focus: { userId: '@focus:one.example', deviceId: 'FOCUS' } } },
};
const HOUR_MS = 3_600_000;

let tries: number;
let takes: boolean;
let refusals: number;
let entry: MemberEntry;

beforeEach(() => {
  vi.useFakeTimers();
  tries = 0;
  refusals = 0;
  takes = true;
  entry = new MemberEntry({
    room: {
      isEncrypted: false,
      isFocusOurs: true,
      announce: async () => {
        tries += 1;
        if (!takes) throw new Error('the homeserver is busy');
      },
      withdraw: async () => undefined,
    },
    isSharingScreen: () => false,
    refused: () => {
      refusals += 1;
    },
  });
});

afterEach(() => {
  entry.stop();
  vi.useRealTimers();
});

it('is written once the focus has answered, and again before it expires', async () => {
  entry.answered(SESSION);
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toBe(1);
  entry.connected(SESSION);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(tries).toBe(2);
});

it('is written again soon where the room did not take it, ever less often, and says so once', async () => {
  takes = false;
  entry.answered(SESSION);
  await vi.advanceTimersByTimeAsync(60_000);
  const inTheFirstMinute = tries;
  expect(inTheFirstMinute).toBeGreaterThan(3);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(tries - inTheFirstMinute).toBeLessThan(inTheFirstMinute);
  expect(refusals).toBe(1);
});

it('is left alone once the room has taken it', async () => {
  takes = false;
  entry.answered(SESSION);
  await vi.advanceTimersByTimeAsync(0);
  takes = true;
  await vi.advanceTimersByTimeAsync(10_000);
  const taken = tries;
  await vi.advanceTimersByTimeAsync(HOUR_MS / 2);
  expect(tries).toBe(taken);
});

it('is not tried any more once the stay is over', async () => {
  takes = false;
  entry.answered(SESSION);
  await vi.advanceTimersByTimeAsync(0);
  entry.stop();
  const before = tries;
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(tries).toBe(before);
});
