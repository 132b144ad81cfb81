/** What holds for whatever is wanted, measured, lied about and estimated. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Allocation, allocate, type Memory, NO_MEMORY } from './allocate.ts';
import { audio, camera, line } from './fixtures/wants.ts';
import { inOrder, RANKS } from './order.ts';
import { type UpstreamMemory, wantedLayers } from './upstream.ts';
import type { Grant, Layer, VideoWant, Want } from './wants.ts';

// The same cases in each run: what fails here fails again.
fc.configureGlobal({ seed: 20_261_123 });

const honestBitrate = fc.integer({ min: 1, max: 3_000_000 });
const lie = fc.oneof(fc.constantFrom(0, -1, Number.NaN, Infinity, -Infinity, 1e12, 1e18, 0.1), fc.double());
const anyBitrate = fc.oneof({ weight: 5, arbitrary: honestBitrate }, { weight: 1, arbitrary: lie });

function wantsOf(bitrate: fc.Arbitrary<number>): fc.Arbitrary<Want[]> {
  const layer: fc.Arbitrary<Layer> = fc.record({
    bitrate,
    live: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.boolean() }),
  });
  const video = fc.record({
    kind: fc.constant('video' as const),
    key: fc.nat(30).map(String),
    purpose: fc.constantFrom('camera' as const, 'camera' as const, 'screen' as const),
    area: fc.oneof(fc.nat(2_000_000), fc.double()),
    visible: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.boolean() }),
    pinned: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.boolean() }),
    speaking: fc.option(fc.nat(10), { nil: undefined }),
    layers: fc.array(layer, { maxLength: 5 }),
    ideal: fc.oneof({ weight: 9, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.double() }),
  });
  const voice = fc.record({
    kind: fc.constant('audio' as const),
    key: fc.nat(30).map(key => `voice ${key}`),
    layers: fc.tuple(layer),
  });
  return fc.uniqueArray(fc.oneof({ weight: 4, arbitrary: video }, { weight: 1, arbitrary: voice }), {
    selector: want => want.key,
    maxLength: 25,
  });
}

const anyEstimate = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 20_000_000 }) },
  { weight: 1, arbitrary: lie },
);

/** What happens to one viewer: each moment another set of wants, another estimate, some ms later. */
function livesOf(bitrate: fc.Arbitrary<number>): fc.Arbitrary<Moment[]> {
  return fc.array(fc.record({ wants: wantsOf(bitrate), available: anyEstimate, ms: fc.nat(20_000) }), {
    minLength: 1,
    maxLength: 6,
  });
}

interface Moment {
  wants: Want[];
  available: number;
  ms: number;
}

function live(
  moments: readonly Moment[],
  look: (moment: Moment, allocation: Allocation, memory: Memory, now: number) => void,
): void {
  let memory = NO_MEMORY;
  let now = 0;
  for (const moment of moments) {
    now += moment.ms;
    const result = allocate(moment.wants, moment.available, memory, now);
    memory = result.memory;
    look(moment, result.allocation, memory, now);
  }
}

function videosOf(wants: readonly Want[]): VideoWant[] {
  return wants.filter(want => want.kind === 'video');
}

function layerOf(allocation: Allocation, key: string): number | undefined {
  const grant = allocation.grants.get(key);
  return grant?.kind === 'layer' ? grant.layer : undefined;
}

function grantedBitrates(wants: readonly Want[], allocation: Allocation): number[] {
  return videosOf(wants).flatMap(({ key, layers }) => {
    const bitrate = layers[layerOf(allocation, key) ?? -1]?.bitrate;
    return bitrate === undefined ? [] : [bitrate];
  });
}

/** What is shown already may take so much more than the budget. */
const MOST_KEPT = 1.3;

describe('at any moment', () => {
  it('what is granted fits the estimate without audio, whatever the bitrates say', () => {
    fc.assert(
      fc.property(livesOf(anyBitrate), moments => {
        live(moments, ({ wants, available }, allocation) => {
          const bitrates = grantedBitrates(wants, allocation);
          if (bitrates.length === 0) return;
          // What measures nothing, or less, counts as more than it says.
          const sum = bitrates.reduce((total, bitrate) => total + (bitrate > 0 ? bitrate : 0), 0);
          const budget = (available - allocation.audio) * MOST_KEPT;
          expect(sum).toBeLessThanOrEqual(budget);
          expect(allocation.spent).toBeLessThanOrEqual(budget + allocation.audio);
        });
      }),
    );
  });

  it('each gets a live layer up to its ideal, the lowest live one above only if there is none, or a pause with its reason', () => {
    fc.assert(
      fc.property(livesOf(anyBitrate), moments => {
        live(moments, ({ wants }, { grants }) => {
          expect(grants.size).toBe(wants.length);
          for (const want of wants) expect(isFair(want, grants.get(want.key))).toBe(true);
        });
      }),
    );
  });

  it('takes nothing away while nothing changes, and comes to rest', () => {
    fc.assert(
      fc.property(livesOf(anyBitrate), moments => {
        live(moments, ({ wants, available }, allocation, memory, now) => {
          let [before, remembered] = [allocation, memory];
          for (let later = now + 500; later <= now + 40_000; later += 500) {
            const again = allocate(wants, available, remembered, later);
            expect(again.allocation.spent).toBeGreaterThanOrEqual(before.spent);
            [before, remembered] = [again.allocation, again.memory];
          }
          const last = allocate(wants, available, remembered, now + 41_000);
          expect(last.allocation).toEqual(before);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('is STABLE and spends its demand just when more would change nothing', () => {
    fc.assert(
      fc.property(livesOf(honestBitrate), moments => {
        live(moments, ({ wants }, allocation, _memory, now) => {
          const unlimited = allocate(wants, undefined, NO_MEMORY, now).allocation;
          expect(unlimited.state).toBe('STABLE');
          expect(unlimited.spent).toBe(allocation.demand);
          expect(allocation.state === 'STABLE').toBe(line(allocation) === line(unlimited));
        });
      }),
    );
  });
});

function isFair(want: Want, grant: Grant | undefined): boolean {
  if (grant === undefined) return false;
  if (want.kind === 'audio') return grant.kind === 'layer';
  const alive = want.layers.flatMap((layer, index) => (layer.live ? [index] : []));
  const ideal = Number.isNaN(want.ideal) ? Infinity : Math.max(0, want.ideal);
  if (grant.kind === 'layer') {
    const upToIdeal = grant.layer <= ideal || (alive[0] === grant.layer && grant.layer > ideal);
    return want.visible && alive.includes(grant.layer) && upToIdeal;
  }
  switch (grant.reason) {
    case 'hidden':
      return !want.visible;
    case 'no_layer':
      return want.visible && alive.length === 0;
    case 'bandwidth':
      return want.visible && alive.length > 0;
    case 'overload':
      return false;
  }
}

/** The steps that were taken, in the order in which they are offered: the first difference of two such lists tells who is better off. */
function stepsTaken(wants: readonly Want[], allocation: Allocation): boolean[] {
  const ranked = inOrder(videosOf(wants).filter(want => want.visible));
  const taken = (want: VideoWant, round: number): boolean => (layerOf(allocation, want.key) ?? -1) >= round;
  const climbs = RANKS.flatMap(rank => {
    const equals = ranked.filter(other => other.rank === rank);
    return [1, 2].flatMap(round => equals.map(({ want }) => taken(want, round)));
  });
  return [...ranked.map(({ want }) => taken(want, 0)), ...climbs];
}

it('more bandwidth is never worse for the first whom it makes a difference to', () => {
  const ladder = fc.tuple(honestBitrate, honestBitrate, honestBitrate).map(bitrates => bitrates.sort((a, b) => a - b));
  const want = fc
    .record({ ladder, pinned: fc.boolean(), speaking: fc.option(fc.nat(9), { nil: undefined }), ideal: fc.nat(2) })
    .map(({ ladder, ...rest }) => ({ ...rest, kbits: [...new Set(ladder)].map(bitrate => bitrate / 1_000) }))
    .filter(({ kbits }) => kbits.length === 3);
  const estimate = fc.nat(15_000_000);
  fc.assert(
    fc.property(fc.array(want, { maxLength: 12 }), estimate, estimate, (differences, one, other) => {
      const wants = differences.map((difference, index) => camera(String(index), difference));
      const [less, more] = [Math.min(one, other), Math.max(one, other)].map(available =>
        stepsTaken(wants, allocate(wants, available, NO_MEMORY, 0).allocation),
      );
      const differs = less?.findIndex((taken, index) => taken !== more?.[index]) ?? -1;
      if (differs !== -1) expect(more?.[differs]).toBe(true);
    }),
  );
});

describe('over a minute of the same wants', () => {
  const TICK_MS = 200;
  const call = fc.record({
    available: fc.integer({ min: 700_000, max: 12_000_000 }),
    videos: fc.array(fc.record({ scale: fc.double({ min: 0.3, max: 2, noNaN: true }), pinned: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
    }),
    seed: fc.integer(),
  });

  /** How often the grant of each changes, the first one not counted. */
  function changes(
    { available, videos, seed }: typeof call extends fc.Arbitrary<infer T> ? T : never,
    noise: boolean,
  ): number[] {
    const random = noise ? randomOf(seed) : () => 0;
    const around = (value: number, share: number): number => value * (1 + share * random());
    const counts = videos.map(() => 0);
    let memory = NO_MEMORY;
    let before: Allocation | undefined;
    for (let now = 0; now < 60_000; now += TICK_MS) {
      const wants: Want[] = videos.map(({ scale, pinned }, index) =>
        camera(String(index), { pinned, kbits: [150, 500, 1_500].map(kbit => around(kbit * scale, 0.1)) }),
      );
      wants.push(audio('voice', around(40, 0.1)));
      const result = allocate(wants, around(available, 0.05), memory, now);
      memory = result.memory;
      for (const [index, count] of counts.entries()) {
        const key = String(index);
        if (before !== undefined && layerOf(before, key) !== layerOf(result.allocation, key)) counts[index] = count + 1;
      }
      before = result.allocation;
    }
    return counts;
  }

  it('nothing changes without noise', () => {
    fc.assert(
      fc.property(call, given => {
        expect(Math.max(...changes(given, false))).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('each picture changes a few times at most under noise of 10 % in bitrates and 5 % in the estimate', () => {
    // Four bars at most fit in, of 5 s, 10, 20 and 40. Each can follow three steps up, and go with as many down.
    fc.assert(
      fc.property(call, given => {
        expect(Math.max(...changes(given, true))).toBeLessThanOrEqual(24);
      }),
      { numRuns: 60 },
    );
  });
});

/** Numbers from -1 to 1, the same ones for a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

it('upstream: what is granted and available is wanted at once, and all is off 1 s after the last viewer', () => {
  const grant: fc.Arbitrary<Grant> = fc.oneof(
    fc.nat(3).map(layer => ({ kind: 'layer' as const, layer })),
    fc.constantFrom('hidden' as const, 'bandwidth' as const).map(reason => ({ kind: 'paused' as const, reason })),
  );
  const moment = fc.record({
    viewers: fc.array(grant, { maxLength: 5 }),
    available: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    ms: fc.nat(2_000),
  });
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 10 }), moments => {
      let memory: UpstreamMemory | undefined;
      let now = 0;
      for (const { viewers, available, ms } of moments) {
        now += ms;
        const upstream = wantedLayers(viewers, available, memory, now);
        memory = upstream.memory;
        for (const viewer of viewers) {
          if (viewer.kind === 'layer') expect(upstream.wanted[viewer.layer]).toBe(available[viewer.layer]);
        }
        for (const [layer, wanted] of upstream.wanted.entries()) if (wanted) expect(available[layer]).toBe(true);
      }
      const all = [true, true, true, true];
      const left = wantedLayers([], all, memory, now);
      expect(wantedLayers([], all, left.memory, now + 1_000).wanted).toEqual([false, false, false, false]);
    }),
  );
});
