import { beforeEach, expect, it } from 'vitest';
import { PresumedRate } from './presumed-rate.ts';

let floors: number[];
let waiting: (() => void)[];
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const transport = {
  closed: false,
  setMinOutgoingBitrate: async (bitrate: number) => {
    floors.push(bitrate);
  },
};
const clock = {
  now: () => 0,
  after: (_delayMs: number, fire: () => void) => {
    waiting.push(fire);
    return { cancel: () => void (waiting = waiting.filter(one => one !== fire)) };
  },
};
const presume = (): PresumedRate => new PresumedRate(transport, clock, quiet, 3_000_000);

beforeEach(() => {
  floors = [];
  waiting = [];
});

it('holds the estimate up until it stands where it was presumed, and lets it fall then', () => {
  const rate = presume();
  rate.estimated(600_000);
  expect(floors).toEqual([3_000_000]);
  rate.estimated(3_000_000);
  rate.estimated(200_000);
  rate.estimated(3_000_000);
  expect([floors, waiting]).toEqual([[3_000_000, 0], []]);
});

it('lets it fall after a while, whatever was estimated', () => {
  presume().estimated(600_000);
  for (const fire of waiting) fire();
  expect(floors).toEqual([3_000_000, 0]);
});

it('does nothing any more once it is closed', () => {
  const rate = presume();
  rate.close();
  rate.estimated(3_000_000);
  expect([floors, waiting]).toEqual([[3_000_000], []]);
});
