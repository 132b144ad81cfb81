/** Trunks over a path that is cut: what is lost, and what is not. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CuttablePath } from '../../loadtest/lab/link/cuttable-path.ts';
import { FakeCarrier, ONE, Seen, startFocus, stopAllFoci, TWO } from '../testing/two-foci.ts';

const paths: CuttablePath[] = [];
afterEach(async () => {
  await stopAllFoci();
  await Promise.all(paths.splice(0).map(path => path[Symbol.asyncDispose]()));
});

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 40_000, interval: 10 });

/** Two ends whose WebSocket goes over a path that can be cut. */
async function overPath() {
  const carrier = new FakeCarrier();
  const one = await startFocus(ONE, carrier);
  let told = '';
  const two = await startFocus(TWO, carrier, { told: () => told });
  const path = await CuttablePath.open({ host: '127.0.0.1', port: Number(new URL(two.url).port) });
  paths.push(path);
  told = two.url.replace(/:\d+\//, `:${path.port}/`);
  const [atOne, atTwo] = [new Seen(one, TWO), new Seen(two, ONE)];
  await eventually(() => expect([atOne.last, atTwo.last]).toEqual(['open', 'open']));
  return { carrier, one, two, path, atOne, atTwo };
}

const numbered = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `frame ${from + index}`);

describe('a trunk that is cut', () => {
  it('loses nothing of what was said before, meanwhile and after, and shakes no hands by to-device message', async () => {
    const { carrier, path, atOne, atTwo, one } = await overPath();
    const hellos = carrier.said.length;
    const said = numbered(0, 3_000);
    for (const [index, text] of said.entries()) {
      expect([atOne.trunk.say(text), atTwo.trunk.say(text)]).toEqual([true, true]);
      // Three times, each in the midst of frames that are on their way.
      if (index % 1_000 === 500) {
        path.cut();
        await eventually(() =>
          expect([atOne.last, atTwo.last]).toEqual(Array(2).fill('broken WEIR_TRUNK_UNREACHABLE')),
        );
        expect(atOne.trunk.say(`cut ${index}`)).toBe(true);
        path.heal();
        await eventually(() => expect([atOne.last, atTwo.last]).toEqual(['resumed', 'resumed']));
      }
    }
    const meanwhile = [500, 1_500, 2_500].map(index => `cut ${index}`);
    await eventually(() => expect([atOne.frames.length, atTwo.frames.length]).toEqual([3_000, 3_003]));
    expect(atOne.frames).toEqual(said);
    expect(atTwo.frames.filter(text => text.startsWith('frame'))).toEqual(said);
    expect(atTwo.frames.filter(text => text.startsWith('cut'))).toEqual(meanwhile);
    expect(carrier.said.length).toBe(hellos);
    expect(one.counted.filter(outcome => outcome === 'resumed')).toHaveLength(3);
    expect(atOne.states.filter(({ kind }) => kind === 'open').map(state => 'epoch' in state && state.epoch)).toEqual(
      Array(4).fill(atTwo.trunk.epoch),
    );
  });

  it('without a word is found out by both ends, and comes back', async () => {
    const { path, atOne, atTwo } = await overPath();
    path.freeze();
    expect(atOne.trunk.say('into the dark')).toBe(true);
    await eventually(() => expect([atOne.last, atTwo.last]).toEqual(Array(2).fill('broken WEIR_TRUNK_UNREACHABLE')));
    const tried = path.tried;
    await eventually(() => expect(path.tried).toBeGreaterThan(tried + 1));
    path.heal();
    await eventually(() => expect([atOne.last, atTwo.last]).toEqual(['resumed', 'resumed']));
    await eventually(() => expect(atTwo.frames).toEqual(['into the dark']));
  });

  it('for so long that too much is said begins anew, and both ends know', async () => {
    const { path, atOne, atTwo } = await overPath();
    path.cut();
    await eventually(() => expect([atOne.last, atTwo.last]).toEqual(Array(2).fill('broken WEIR_TRUNK_UNREACHABLE')));
    const large = 'x'.repeat(500_000);
    let kept = 0;
    while (kept < 1_000 && atOne.trunk.say(large)) kept += 1;
    expect(kept).toBeGreaterThan(2);
    expect(kept).toBeLessThan(20);
    expect(atOne.trunk.say('small')).toBe(false);
    expect(atTwo.trunk.say('of the lost run')).toBe(true);
    path.heal();
    await eventually(() => expect([atOne.last, atTwo.last]).toEqual(['open', 'open']));
    atOne.trunk.say('anew');
    atTwo.trunk.say('anew');
    await eventually(() => expect([atOne.frames, atTwo.frames]).toEqual([['anew'], ['anew']]));
  });
});

describe('a focus that does not take what it is told', () => {
  it('is cut off, what waits for it is bounded, and the trunk begins anew', async () => {
    const { path, atOne } = await overPath();
    path.freeze();
    const large = 'x'.repeat(500_000);
    let said = 0;
    while (said < 1_000 && atOne.trunk.say(large)) said += 1;
    expect(said).toBeLessThan(20);
    await eventually(() => expect(atOne.last).toBe('broken WEIR_TRUNK_OVERFLOW'));
    path.heal();
    await eventually(() => expect(atOne.last).toBe('open'));
  });

  it('takes a flood as slowly as it likes, and nothing of it is lost', async () => {
    const { atOne, atTwo } = await overPath();
    const said = numbered(0, 6_000);
    for (const text of said) expect(atOne.trunk.say(text)).toBe(true);
    await eventually(() => expect(atTwo.frames.length).toBe(6_000));
    expect(atTwo.frames).toEqual(said);
    expect(atTwo.states).toHaveLength(1);
  });
});
