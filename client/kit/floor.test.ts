/** The key to the floor. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FloorKey, RENEW_EVERY_MS } from './floor.ts';
import type { ControlMessage } from './wire.ts';

const bo = { userId: '@bo:example.org', deviceId: 'BODEV' };
let said: ControlMessage['kind'][];
let key: FloorKey;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  key = new FloorKey(({ kind }) => void said.push(kind));
});
afterEach(() => {
  key.close();
  expect(vi.getTimerCount(), 'no timer outlives the key').toBe(0);
  vi.useRealTimers();
});

describe('the key to the floor', () => {
  it('asks when it is pressed, and again every 3 s while it is held', () => {
    key.press();
    expect(said).toEqual(['floor_request']);
    vi.advanceTimersByTime(3 * RENEW_EVERY_MS);
    expect(said).toHaveLength(4);
  });

  it('asks once however often it is pressed: keys repeat', () => {
    key.press();
    key.press();
    expect(said).toEqual(['floor_request']);
  });

  it('lets go when it comes up, and asks no more', () => {
    key.press();
    key.release();
    vi.advanceTimersByTime(10 * RENEW_EVERY_MS);
    expect(said).toEqual(['floor_request', 'floor_release']);
  });

  it('says nothing when it comes up without having been pressed', () => {
    key.release();
    expect(said).toEqual([]);
  });

  it('goes on asking while somebody else speaks: it waits for its turn', () => {
    key.press();
    key.take({ kind: 'floor', holder: bo, you: 'queued', position: 1 });
    vi.advanceTimersByTime(RENEW_EVERY_MS);
    expect(said).toEqual(['floor_request', 'floor_request']);
  });

  it('lets us speak while it is held and the floor is ours, and no longer', () => {
    key.press();
    expect(key.speaks, 'not before the focus says so').toBe(false);
    key.take({ kind: 'floor', holder: bo, you: 'holder' });
    expect(key.speaks).toBe(true);
    key.release();
    expect(key.speaks, 'though the focus has not said so yet').toBe(false);
  });

  it('of a moderator takes the floor from whom it was seen with', () => {
    const told: ControlMessage[] = [];
    const moderator = new FloorKey(message => void told.push(message));
    moderator.revoke();
    moderator.take({ kind: 'floor', holder: bo, you: 'none' });
    moderator.revoke();
    expect(told).toEqual([{ kind: 'floor_revoke', holder: bo }]);
  });
});
