import { expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { Relief } from './relief.ts';

const NOTHING_LOST = { lost: 0, sent: 0 };

/** A link of which nothing is lost, and what its viewer's tracks were told. */
function reliefOf() {
  const clock = new VirtualClock();
  const said: string[] = [];
  const relief = new Relief(
    { lower: available => said.push(`ceiling ${available}`) },
    {
      forgetVoices: () => undefined,
      holdPictures: () => said.push('hold'),
      releasePictures: () => said.push('release'),
    },
    clock,
  );
  return { clock, said, relief, estimate: (available: number) => relief.estimated(available, NOTHING_LOST) };
}

test('pictures wait for a moment when a link becomes much narrower', async () => {
  const { clock, said, estimate } = reliefOf();
  estimate(3_000_000);
  await clock.pass(1_000);
  estimate(1_500_000);
  expect(said).toEqual(['ceiling 1500000', 'hold']);
  await clock.pass(1_000);
  expect(said).toEqual(['ceiling 1500000', 'hold', 'release']);
});

test('an estimate holds until the next one, however long that takes', async () => {
  const { clock, said, estimate } = reliefOf();
  estimate(3_000_000);
  await clock.pass(60_000);
  estimate(1_500_000);
  expect(said).toContain('hold');
});

test('a fall that is made of many small ones is one', async () => {
  const { clock, said, estimate } = reliefOf();
  for (let available = 3_000_000; available > 1_800_000; available *= 0.9) {
    estimate(available);
    await clock.pass(100);
  }
  expect(said.filter(one => one === 'hold')).toHaveLength(1);
});

test('a link that changes slowly, or little, is left alone', async () => {
  const { clock, said, estimate } = reliefOf();
  for (let available = 3_000_000; available > 1_000_000; available *= 0.95) {
    estimate(available);
    await clock.pass(1_000);
  }
  estimate(900_000);
  expect(said).toEqual([]);
});

test('no timer is left behind', async () => {
  const { clock, relief, estimate } = reliefOf();
  estimate(3_000_000);
  estimate(1_000_000);
  relief.close();
  await clock.pass(0);
  expect(clock.pending).toBe(0);
});
