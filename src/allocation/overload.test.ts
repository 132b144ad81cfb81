/** What a viewer gets while the focus can send only a share of the video that it wants. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate, NO_MEMORY } from './allocate.ts';
import { audio, camera, line, screen } from './fixtures/wants.ts';
import type { VideoWant, Want } from './wants.ts';

fc.configureGlobal({ seed: 20_261_128 });

function got(wants: readonly Want[], share: number, available?: number): string {
  return line(allocate(wants, available, NO_MEMORY, 0, share).allocation);
}

const SPEAKER = camera('s', { speaking: 0, area: 1280 * 720 });
/** Drawn small: their ideal is the lowest layer but one. */
const OTHERS = ['a', 'b', 'c'].map((key, index) => camera(key, { ideal: 1, speaking: index + 1, area: 320 * 180 }));

describe('less and less', () => {
  it.each([
    [1, 'a:1 b:1 c:1 s:2'],
    // Their size goes first,
    [0.7, 'a:0 b:0 c:0 s:2'],
    // then that of the speaker,
    [0.4, 'a:0 b:0 c:0 s:1'],
    [0.22, 'a:0 b:0 c:0 s:0'],
    // then pictures, who spoke least lately first,
    [0.12, 'a:0 b:overload c:overload s:0'],
    // and the speaker last.
    [0.06, 'a:overload b:overload c:overload s:0'],
    [0.02, 'a:overload b:overload c:overload s:overload'],
    [0, 'a:overload b:overload c:overload s:overload'],
  ])('a share of %d', (share, expected) => {
    expect(got([...OTHERS, SPEAKER], share, 20_000_000)).toBe(expected);
  });

  it('the pinned one and the screen outlive the speaker', () => {
    const wants = [SPEAKER, camera('p', { pinned: true }), screen('x')];
    expect(got(wants, 0.08)).toBe('p:0 s:overload x:0');
    expect(got(wants, 0.04)).toBe('p:0 s:overload x:overload');
  });

  it('a picture that there is in one size only stays while a quarter may', () => {
    const only = camera('o', { kbits: [1_000] });
    expect(got([only], 0.7)).toBe('o:0');
    expect(got([only], 0.25)).toBe('o:0');
    expect(got([only], 0.2)).toBe('o:overload');
  });

  it('before there is an estimate, too', () => {
    expect(got([...OTHERS, SPEAKER], 0.4)).toBe('a:0 b:0 c:0 s:1');
  });
});

describe('a link that carries less than the focus can send', () => {
  it('decides alone, and is the reason', () => {
    expect(got([...OTHERS, SPEAKER], 0.7, 300_000)).toBe(got([...OTHERS, SPEAKER], 1, 300_000));
    expect(got([SPEAKER], 0.7, 100_000)).toBe('s:bandwidth');
  });
});

describe('coming back', () => {
  it('goes step by step, and no picture goes and comes on the way', () => {
    const wants = [...OTHERS, SPEAKER];
    let { memory } = allocate(wants, 20_000_000, NO_MEMORY, 0);
    ({ memory } = allocate(wants, 20_000_000, memory, 1_000, 0));
    const lines: string[] = [];
    for (let step = 0; step < 80; step += 1) {
      const result = allocate(wants, 20_000_000, memory, 2_000 + step * 500, Math.min(1, step / 50));
      memory = result.memory;
      const shown = line(result.allocation);
      if (shown !== lines.at(-1)) lines.push(shown);
    }
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.at(-1)).toBe(got(wants, 1));
  });
});

describe('whatever is wanted, and whatever the share', () => {
  const video: fc.Arbitrary<VideoWant> = fc
    .record({
      key: fc.nat(30).map(String),
      kbits: fc.array(fc.integer({ min: 20, max: 3_000 }), { minLength: 1, maxLength: 3 }),
      pinned: fc.boolean(),
      speaking: fc.option(fc.nat(10), { nil: undefined }),
      area: fc.nat(1_000_000),
      ideal: fc.nat(2),
    })
    .map(({ key, ...differences }) => camera(key, differences));
  const voice = fc.record({ key: fc.nat(30), kbit: fc.nat(60) }).map(({ key, kbit }) => audio(`voice ${key}`, kbit));
  const wantsOf = fc.uniqueArray(fc.oneof(video, voice), { selector: ({ key }) => key, maxLength: 20 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const link = fc.option(fc.integer({ min: 0, max: 20_000_000 }), { nil: undefined });

  it('voices are never touched', () => {
    fc.assert(
      fc.property(wantsOf, link, share, (wants, available, videoShare) => {
        const { grants } = allocate(wants, available, NO_MEMORY, 0, videoShare).allocation;
        for (const want of wants)
          if (want.kind === 'audio') expect(grants.get(want.key)).toEqual({ kind: 'layer', layer: 0 });
      }),
    );
  });

  it('a smaller share never sends more video', () => {
    fc.assert(
      fc.property(wantsOf, link, share, share, (wants, available, one, other) => {
        const videoOf = (videoShare: number): number => {
          const { allocation } = allocate(wants, available, NO_MEMORY, 0, videoShare);
          return allocation.spent - allocation.audio;
        };
        const demand = allocate(wants, available, NO_MEMORY, 0).allocation;
        const best = Math.max(0, ...wants.flatMap(({ layers }) => layers.map(({ bitrate }) => bitrate)));
        expect(videoOf(Math.min(one, other))).toBeLessThanOrEqual(
          Math.max(Math.max(one, other) * (demand.demand - demand.audio), best),
        );
      }),
    );
  });

  it('of pictures of one size each, those of lower rank are gone before a better one', () => {
    const same = wantsOf.map(wants =>
      wants.flatMap(want =>
        want.kind === 'video'
          ? [camera(want.key, { kbits: [200], pinned: want.pinned, speaking: want.speaking, area: want.area })]
          : [],
      ),
    );
    fc.assert(
      fc.property(same, share, (wants, videoShare) => {
        const { grants } = allocate(wants, undefined, NO_MEMORY, 0, videoShare).allocation;
        const pinned = wants.filter(want => want.pinned);
        const shown = (list: readonly VideoWant[]): number =>
          list.filter(({ key }) => grants.get(key)?.kind === 'layer').length;
        if (shown(pinned) < pinned.length) expect(shown(wants)).toBe(shown(pinned));
      }),
    );
  });
});
