/** What a viewer's past changes. Times in s, bandwidth in kbit/s. */
import { describe, expect, it } from 'vitest';
import { type Allocation, allocate, NO_MEMORY } from './allocate.ts';
import { camera, line, screen } from './fixtures/wants.ts';
import type { Want } from './wants.ts';

/** A viewer over time. */
function viewer() {
  let memory = NO_MEMORY;
  let last: Allocation | undefined;
  return {
    at(seconds: number, kbit: number | undefined, ...wants: Want[]): string {
      const result = allocate(wants, kbit === undefined ? undefined : kbit * 1_000, memory, seconds * 1_000);
      ({ memory, allocation: last } = result);
      return line(result.allocation);
    },
    looksAgainAt: () => (last?.lookAgainAt === undefined ? undefined : last.lookAgainAt / 1_000),
    remembers: () => memory.streams.size,
  };
}

describe('headroom', () => {
  it('is asked of a rise, and not of what is there', () => {
    const { at } = viewer();
    expect(at(0, 1_550, camera('a'))).toBe('a:1');
    expect(at(1, 1_570, camera('a'))).toBe('a:2');
    expect(at(2, 1_500, camera('a'))).toBe('a:2');
    expect(at(3, 1_480, camera('a'))).toBe('a:2');
    expect(at(4, 1_460, camera('a'))).toBe('a:1');
  });

  it('is asked of an end of a pause', () => {
    const { at } = viewer();
    expect(at(0, 155, camera('a'))).toBe('a:bandwidth');
    expect(at(1, 157, camera('a'))).toBe('a:0');
    expect(at(2, 150, camera('a'))).toBe('a:0');
    expect(at(3, 120, camera('a'))).toBe('a:0');
    expect(at(4, 115, camera('a'))).toBe('a:bandwidth');
  });

  it('is not asked of a step down to what is left of it', () => {
    const { at } = viewer();
    at(0, 2_000, camera('a'));
    expect(at(1, 500, camera('a'))).toBe('a:1');
    expect(at(2, 150, camera('a'))).toBe('a:0');
  });
});

describe('the bar after a loss of bandwidth', () => {
  it('keeps the stream down for 2 s, and tells when it ends', () => {
    const { at, looksAgainAt } = viewer();
    at(0, 2_000, camera('a'));
    expect(at(10, 1_000, camera('a'))).toBe('a:1');
    expect(looksAgainAt()).toBe(12);
    expect(at(11.9, 9_000, camera('a'))).toBe('a:1');
    expect(at(12, 9_000, camera('a'))).toBe('a:2');
    expect(at(13, 9_000, camera('a'))).toBe('a:2');
    expect(looksAgainAt()).toBeUndefined();
  });

  it('doubles up to 12 s while rises fail, and is forgotten after a calm time', () => {
    const { at, looksAgainAt } = viewer();
    let now = 0;
    const bars: number[] = [];
    const riseAndFall = (): void => {
      expect(at(now, 9_000, camera('a'))).toBe('a:2');
      now += 1;
      expect(at(now, 1_000, camera('a'))).toBe('a:1');
      const end = looksAgainAt() ?? now;
      bars.push(end - now);
      now = end;
    };
    for (let round = 0; round < 6; round++) riseAndFall();
    expect(bars).toEqual([2, 4, 8, 12, 12, 12]);
    now += 9;
    riseAndFall();
    expect(bars.at(-1)).toBe(3);
  });

  it('does not double while the same fall goes on', () => {
    const { at, looksAgainAt } = viewer();
    at(0, 2_000, camera('a'));
    expect(at(1, 1_000, camera('a'))).toBe('a:1');
    expect(at(2, 200, camera('a'))).toBe('a:0');
    expect(at(3, 100, camera('a'))).toBe('a:bandwidth');
    expect(looksAgainAt()).toBe(5);
    expect(at(4.9, 2_000, camera('a'))).toBe('a:bandwidth');
    expect(at(5, 2_000, camera('a'))).toBe('a:1');
  });

  it('keeps the bandwidth of the barred for them: others do not rise on it only to fall again', () => {
    const both = [camera('a', { speaking: 0 }), camera('b')];
    const { at } = viewer();
    expect(at(0, 2_300, ...both)).toBe('a:2 b:1');
    expect(at(1, 1_000, ...both)).toBe('a:1 b:1');
    expect(at(2, 2_300, ...both)).toBe('a:1 b:1');
    expect(at(6, 2_300, ...both)).toBe('a:2 b:1');
  });

  it('bars nobody else', () => {
    const both = [camera('a', { speaking: 0 }), camera('b')];
    const { at } = viewer();
    expect(at(0, 2_300, ...both)).toBe('a:2 b:1');
    expect(at(1, 1_000, ...both)).toBe('a:1 b:1');
    expect(at(2, 9_000, ...both)).toBe('a:1 b:2');
  });
});

describe('what acts at once', () => {
  const fallen = () => {
    const { at, ...rest } = viewer();
    at(0, 2_000, camera('a'));
    expect(at(1, 1_000, camera('a'))).toBe('a:1');
    expect(at(2, 2_000, camera('a'))).toBe('a:1');
    return { at, ...rest };
  };

  it.each<[what: string, differences: Parameters<typeof camera>[1]]>([
    ['a pin', { pinned: true }],
    ['who begins to speak', { speaking: 0 }],
    ['a larger size', { kbits: [150, 500, 1_500, 1_600] }],
  ])('%s', (_what, differences) => {
    expect(fallen().at(2.1, 9_000, camera('a', differences))).not.toBe('a:1');
  });

  it('a smaller size', () => {
    expect(fallen().at(2.1, 2_000, camera('a', { ideal: 0 }))).toBe('a:0');
  });

  it('being drawn again', () => {
    const { at } = fallen();
    expect(at(2.1, 2_000, camera('a', { visible: false }))).toBe('a:hidden');
    expect(at(2.2, 2_000, camera('a'))).toBe('a:2');
  });

  it('a layer that dies, and one that comes back', () => {
    const { at } = viewer();
    at(0, 2_000, camera('a'));
    expect(at(1, 2_000, camera('a', { dead: [2] }))).toBe('a:1');
    expect(at(1.1, 2_000, camera('a'))).toBe('a:2');
  });

  it('the last layer below that dies, also under a bar', () => {
    const { at } = viewer();
    at(0, 2_000, camera('a'));
    expect(at(1, 200, camera('a'))).toBe('a:0');
    expect(at(1.1, 2_000, camera('a', { dead: [0, 1] }))).toBe('a:2');
  });

  it('a new set of wants: who makes room for a pin comes back with its end', () => {
    const { at } = viewer();
    const two = (pinned: boolean) => [camera('a'), camera('b', { pinned })];
    expect(at(0, 2_300, ...two(false))).toBe('a:2 b:1');
    expect(at(1, 2_300, ...two(true))).toBe('a:1 b:2');
    expect(at(1.1, 2_300, ...two(false))).toBe('a:2 b:1');
  });

  it('who comes, and who goes', () => {
    const { at, remembers } = viewer();
    expect(at(0, 2_300, camera('a'), camera('b'))).toBe('a:2 b:1');
    expect(at(1, 2_300, camera('a'), camera('b'), screen('s'))).toBe('a:1 b:0 s:2');
    expect(at(1.1, 2_300, camera('a'), camera('b'))).toBe('a:2 b:1');
    expect(at(2, 2_300, camera('a'))).toBe('a:2');
    expect(remembers()).toBe(1);
  });

  it('the first estimate: what was granted before it had proved nothing', () => {
    const { at } = viewer();
    expect(at(0, undefined, camera('a'))).toBe('a:2');
    expect(at(1, 600, camera('a'))).toBe('a:1');
    expect(at(1.1, 2_000, camera('a'))).toBe('a:2');
  });
});

it('moves to a higher layer that costs no more than the one it has, without headroom or a bar', () => {
  const { at } = viewer();
  at(0, 2_000, camera('a'));
  expect(at(1, 500, camera('a'))).toBe('a:1');
  expect(at(2, 500, camera('a', { kbits: [150, 500, 500] }))).toBe('a:2');
});
