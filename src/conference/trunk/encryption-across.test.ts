/** Encrypted and clear streams over a trunk: each focus goes by its own configuration. */
import { describe, expect, it } from 'vitest';
import { audioOf, type BenchClient, benchClient, encrypted, newsIn, videoOf } from '../../testing/conference-bench.ts';
import { TwoSites } from '../../testing/two-sites.ts';

const FULL = { width: 1280, height: 720 };

/** Ann is on the eastern focus, and wants all of Wim, on the western one. */
function call(...requiring: ('east' | 'west')[]) {
  const sites = new TwoSites();
  const [ann, wim] = [benchClient('ann'), benchClient('wim')];
  for (const site of requiring) sites[site].bench.take({ kind: 'encryption-required', required: true });
  sites.east.bench.join(ann);
  sites.west.bench.join(wim);
  sites.open({ east: [ann], west: [wim] });
  sites.east.bench.subscribe(ann, wim, FULL);
  sites.settle();
  sites.east.bench.agree(ann);
  sites.settle();
  return { sites, ann, wim, ...sites };
}

type Call = ReturnType<typeof call>;

function says({ sites, west, east, wim, ann }: Call, format: string | false): void {
  west.bench.say(wim, { kind: 'metadata_changed', metadata: encrypted(wim.metadata, format) });
  sites.settle();
  east.bench.agree(ann);
  sites.settle();
}

/** How many tracks of Wim flow to Ann, as her focus has it. */
function flowing({ east, ann }: Call): number {
  const offered = east.bench.conference.participants.get(ann.call.key)?.offered.values() ?? [];
  return [...offered].filter(({ paused }) => !paused).length;
}

function crosses({ west, wim }: Call): boolean {
  return west.crossing(wim).length > 0 || west.sent(audioOf(wim)).some(sent => sent?.paused === false);
}

function shown({ east, ann, wim }: Call) {
  return east.bench.lastMetadata(ann)?.[videoOf(wim).streamId];
}

function errorsOf(site: Call['east'], client: BenchClient): string[] {
  return newsIn(site.bench.effects, client, 'error').flatMap(news => (news.kind === 'error' ? news.error.code : []));
}

it('tells the others by which format a stream is encrypted', () => {
  const it = call();
  expect(shown(it)).not.toHaveProperty(['org.weir.encryption']);
  says(it, 'sframe');
  expect(shown(it)).toMatchObject({ 'org.weir.encryption': 'sframe' });
});

describe.each([[['west']], [['east']], [['west', 'east']]] as const)(
  'where encryption is asked for in the %s',
  sites => {
    it('nothing in the clear crosses, and it is shown with the reason', () => {
      const it = call(...sites);
      it.sites.pass(20_000);
      expect(flowing(it)).toBe(0);
      expect(crosses(it)).toBe(false);
      if (sites.some(site => site === 'west')) expect(it.west.remote?.offered.size, 'nor is it offered').toBe(0);
      expect(shown(it)).toMatchObject({ 'org.weir.refused': 'WEIR_CLEAR_MEDIA' });
    });

    it('it crosses once it is encrypted, to who had asked for it', () => {
      const it = call(...sites);
      says(it, 'sframe');
      expect(flowing(it)).toBe(2);
      expect(crosses(it)).toBe(true);
      expect(shown(it)).not.toHaveProperty(['org.weir.refused']);
      says(it, false);
      if (sites.some(site => site === 'east')) expect(flowing(it)).toBe(0);
      it.sites.pass(20_000);
      expect(crosses(it)).toBe(false);
    });

    it('its publisher is told by its own focus, once, and the other focus is told nothing', () => {
      const it = call(...sites);
      it.sites.pass(20_000);
      const expected = sites.some(site => site === 'west') ? ['WEIR_CLEAR_MEDIA'] : [];
      expect(errorsOf(it.west, it.wim)).toEqual(expected);
      const notes = it.east.bench.effects.filter(
        effect => effect.kind === 'note' && effect.call.key === it.east.far.call.key,
      );
      expect(notes).toEqual([]);
    });
  },
);

it('stops what crosses, in the step in which a focus begins to ask for it', () => {
  const it = call();
  expect(flowing(it)).toBe(2);
  it.east.bench.take({ kind: 'encryption-required', required: true });
  expect(flowing(it)).toBe(0);
  it.sites.pass(20_000);
  expect(crosses(it), 'nobody wants it any more').toBe(false);
});
