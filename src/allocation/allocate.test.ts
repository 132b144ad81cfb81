/** The decisions themselves, for a viewer without a past. */
import { describe, expect, it } from 'vitest';
import { allocate, NO_MEMORY, NOTHING_ALLOCATED } from './allocate.ts';
import { audio, camera, line, screen } from './fixtures/wants.ts';
import type { Want } from './wants.ts';

/** kbit/s; what rises has 90 % of the estimate: this gives it `kbit` in full. */
function enoughFor(kbit: number): number {
  return kbit / 0.9 + 0.01;
}

function decide(wants: readonly Want[], kbit: number | undefined) {
  return allocate(wants, kbit === undefined ? undefined : kbit * 1_000, NO_MEMORY, 0).allocation;
}

describe('the share of each', () => {
  const three = [camera('a'), camera('b'), camera('c')];
  const oneOfEach = [
    camera('other'),
    camera('pinned', { pinned: true }),
    screen('screen'),
    camera('speaker', { speaking: 0 }),
  ];

  it.each<[what: string, wants: Want[], kbit: number | undefined, grants: string]>([
    ['everybody the ideal before there is an estimate', three, undefined, 'a:2 b:2 c:2'],
    ['everybody the ideal where all fits', three, enoughFor(4_500), 'a:2 b:2 c:2'],
    ['nobody where nothing fits', three, 100, 'a:bandwidth b:bandwidth c:bandwidth'],
    ['the first ones at the lowest layer where not all fit', three, enoughFor(300), 'a:0 b:0 c:bandwidth'],
    ['all at the lowest layer before one at the next', three, enoughFor(450), 'a:0 b:0 c:0'],
    ['equals round by round', three, enoughFor(450 + 2 * 350), 'a:1 b:1 c:0'],
    ['all equals at layer 1 before one at layer 2', three, enoughFor(1_500), 'a:1 b:1 c:1'],
    ['then the first of the equals at layer 2', three, enoughFor(2_500), 'a:2 b:1 c:1'],
    ['everybody first, the pinned one too', oneOfEach, enoughFor(600), 'other:0 pinned:0 screen:0 speaker:0'],
    ['the pinned one up to its ideal', oneOfEach, enoughFor(1_950), 'other:0 pinned:2 screen:0 speaker:0'],
    ['then the screen', oneOfEach, enoughFor(3_300), 'other:0 pinned:2 screen:2 speaker:0'],
    ['then the speaker', oneOfEach, enoughFor(4_650), 'other:0 pinned:2 screen:2 speaker:2'],
    ['then the others', oneOfEach, enoughFor(6_000), 'other:2 pinned:2 screen:2 speaker:2'],
    [
      'in the same order who is shown at all',
      oneOfEach,
      enoughFor(300),
      'other:bandwidth pinned:0 screen:0 speaker:bandwidth',
    ],
    [
      'what is left to the small ones where the first does not fit',
      [camera('large', { pinned: true, kbits: [2_000] }), camera('small')],
      enoughFor(150),
      'large:bandwidth small:0',
    ],
    ['nobody above its ideal', [camera('a', { ideal: 0 }), camera('b', { ideal: 1 })], 100_000, 'a:0 b:1'],
    [
      'nothing to what is not drawn',
      [camera('a', { visible: false, pinned: true }), camera('b')],
      100_000,
      'a:hidden b:2',
    ],
    [
      'nothing to what is not drawn, also without an estimate',
      [camera('a', { visible: false })],
      undefined,
      'a:hidden',
    ],
    ['nothing at all', [], 1_000, ''],
  ])('%s', (_what, wants, kbit, grants) => {
    expect(line(decide(wants, kbit))).toBe(grants);
    expect(line(decide(wants.toReversed(), kbit))).toBe(grants);
  });
});

describe('layers that do not live', () => {
  it.each<[what: string, differences: Parameters<typeof camera>[1], grants: string]>([
    ['the next lower one for a missing ideal', { dead: [2] }, 'a:1'],
    ['the next lower live one', { dead: [1, 2] }, 'a:0'],
    ['the lowest live one above where none lives below', { ideal: 0, dead: [0] }, 'a:1'],
    ['the lowest live one above, however far', { ideal: 0, dead: [0, 1] }, 'a:2'],
    ['the one that is left where the lowest is gone', { ideal: 2, dead: [0, 1] }, 'a:2'],
    ['no layer where none lives', { dead: [0, 1, 2] }, 'a:no_layer'],
    ['no layer where there is none', { kbits: [] }, 'a:no_layer'],
    ['hidden before no layer', { dead: [0, 1, 2], visible: false }, 'a:hidden'],
  ])('%s', (_what, differences, grants) => {
    for (const kbit of [undefined, 10_000]) {
      const allocation = decide([camera('a', differences)], kbit);
      expect(line(allocation)).toBe(grants);
      expect(allocation.state).toBe('STABLE');
    }
  });

  it('pays for the layer above as for any other', () => {
    const wants = [camera('a', { ideal: 0, dead: [0] })];
    expect(line(decide(wants, enoughFor(500)))).toBe('a:1');
    expect(line(decide(wants, 400))).toBe('a:bandwidth');
  });
});

describe('audio', () => {
  it('comes off the estimate before video', () => {
    const voices = [audio('v', 100), audio('w', 100)];
    expect(line(decide([camera('a'), ...voices], 200 + enoughFor(150)))).toBe('a:0 v:0 w:0');
    expect(line(decide([camera('a'), ...voices], enoughFor(150)))).toBe('a:bandwidth v:0 w:0');
  });

  it('keeps room for three quiet ones to speak, not for all', () => {
    const quiet = (count: number) => Array.from({ length: count }, (_, index) => audio(`v${index}`, 2));
    expect(decide(quiet(1), 1_000).audio).toBe(56_000);
    expect(decide(quiet(3), 1_000).audio).toBe(168_000);
    expect(decide(quiet(100), 1_000).audio).toBe(3 * 56_000 + 97 * 2_000);
  });

  it.each([0, -1, Number.NaN])('is never paused, for an estimate of %d neither', kbit => {
    const allocation = decide([audio('v', 60), camera('a', { pinned: true })], kbit);
    expect(line(allocation)).toBe('a:bandwidth v:0');
    expect(allocation).toMatchObject({ state: 'DEFICIENT', spent: 60_000 });
  });

  it.each([Number.NaN, -1, Infinity])('that measures %d counts as speaking', kbit => {
    expect(decide([audio('v', kbit)], 1_000).audio).toBe(56_000);
  });

  it('that measures a gigabit does not take all video away', () => {
    expect(line(decide([audio('v', 1e6), camera('a')], 1_000))).toBe('a:0 v:0');
  });

  it('that does not arrive counts as a quiet one', () => {
    const silent: Want = { kind: 'audio', key: 'v', layers: [{ bitrate: 90_000, live: false }] };
    expect(decide([silent, { ...silent, key: 'w', layers: [] }], 1_000).audio).toBe(112_000);
  });
});

describe('what it tells of itself', () => {
  it('is STABLE only if all have their ideal', () => {
    expect(decide([camera('a'), camera('b')], enoughFor(3_000)).state).toBe('STABLE');
    expect(decide([camera('a'), camera('b')], enoughFor(2_700)).state).toBe('DEFICIENT');
  });

  it('spends and demands in bit/s, audio included', () => {
    const { spent, demand } = decide([camera('a'), camera('b'), audio('v', 60)], 60 + enoughFor(1_000));
    expect({ spent, demand }).toEqual({ spent: 1_060_000, demand: 3_060_000 });
  });

  it('gives the worker its ranks, and one priority to equals', () => {
    const wants = [
      camera('a'),
      camera('b'),
      camera('c', { speaking: 1 }),
      camera('p', { pinned: true, speaking: 0 }),
      screen('s'),
      audio('v', 40),
    ];
    expect(Object.fromEntries(decide(wants, 1_000).priorities)).toEqual({ p: 255, s: 254, c: 253, a: 1, b: 1 });
  });

  it('is nothing for a viewer who wants nothing', () => {
    expect(decide([], undefined)).toEqual(NOTHING_ALLOCATED);
  });
});

describe('lies', () => {
  it.each<[what: string, wants: Want[], kbit: number, grants: string]>([
    ['an estimate of 1e18', [camera('a')], 1e15, 'a:2'],
    ['an infinite estimate', [camera('a')], Infinity, 'a:2'],
    [
      'a low layer that costs more than a higher one is passed over',
      [camera('a', { kbits: [900, 500, 1_500] })],
      enoughFor(500),
      'a:1',
    ],
    [
      'not for one above the ideal',
      [camera('a', { kbits: [900, 500, 1_500], ideal: 0 })],
      enoughFor(500),
      'a:bandwidth',
    ],
    ['all layers cost the same', [camera('a', { kbits: [500, 500, 500] })], enoughFor(500), 'a:2'],
    ['a terabit low layer', [camera('a', { kbits: [1e9, 500, 1_500] })], 1_000, 'a:1'],
    ['an infinite high layer', [camera('a', { kbits: [150, 500, Infinity] })], 1e15, 'a:1'],
    ['a zero is not for nothing', [camera('a', { kbits: [150, 500, 0] })], 1_000, 'a:1'],
    ['all zero', [camera('a', { kbits: [0, 0, 0] })], 1_000, 'a:1'],
    [
      'a negative one does not pay for others',
      [camera('a', { kbits: [-9_000, 1e6, 1e6] }), camera('b')],
      300,
      'a:0 b:bandwidth',
    ],
    ['no number', [camera('a', { kbits: [Number.NaN, Number.NaN, Number.NaN] })], 100_000, 'a:2'],
    ['an ideal beyond the layers', [camera('a', { ideal: 9 })], 100_000, 'a:2'],
    ['an ideal below zero', [camera('a', { ideal: -3 })], 100_000, 'a:0'],
    ['an ideal that is no number', [camera('a', { ideal: Number.NaN })], 100_000, 'a:2'],
    ['an area that is no number', [camera('a', { area: Number.NaN }), camera('b')], enoughFor(150), 'a:bandwidth b:0'],
    ['a key twice', [camera('a', { ideal: 1 }), camera('a')], enoughFor(500), 'a:1'],
  ])('%s', (_what, wants, kbit, grants) => {
    expect(line(decide(wants, kbit))).toBe(grants);
  });
});

it('decides for 1,000 wants in a few ms', () => {
  const wants = Array.from({ length: 1_000 }, (_, index) => camera(`k${index}`, { speaking: index % 7 }));
  const took = Array.from({ length: 10 }, () => {
    const begin = performance.now();
    decide(wants, 500_000);
    return performance.now() - begin;
  });
  // The best of ten, as the machine may be busy.
  expect(Math.min(...took)).toBeLessThan(10);
});
