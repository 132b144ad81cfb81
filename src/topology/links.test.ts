import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linksOf, MOST_LINKS, type ServingFocus } from './links.ts';

function focus(name: string, ...users: string[]): ServingFocus {
  return {
    focus: { userId: `@focus:${name}`, deviceId: 'F' },
    devices: users.map(user => ({ userId: `@${user}:${name}`, deviceId: 'D' })),
  };
}

const [east, west, north] = [focus('east', 'ann'), focus('west', 'wim', 'will'), focus('north', 'nora')];
const self = east.focus;

function peersOf(foci: readonly ServingFocus[], isPeopled = true): string[] {
  return linksOf({ self, foci, isPeopled }).map(({ peer }) => peer.userId);
}

describe('a focus links', () => {
  it('to all others that serve the conference, for those who are on each', () => {
    expect(linksOf({ self, foci: [east, west, north], isPeopled: true })).toEqual([
      { peer: north.focus, speaksFor: north.devices },
      { peer: west.focus, speaksFor: west.devices },
    ]);
  });

  it('to none while nobody is here', () => {
    expect(peersOf([east, west], false)).toEqual([]);
  });

  it('to none while nobody names it: nobody would take the link', () => {
    expect(peersOf([west, north])).toEqual([]);
  });

  it('never to itself, and to no more than it may', () => {
    const many = Array.from({ length: 40 }, (_, index) => focus(`site${index}`, 'one'));
    const peers = peersOf([east, ...many]);
    expect(peers).not.toContain(self.userId);
    expect(peers.length).toBeLessThanOrEqual(MOST_LINKS + 1);
  });

  it('to those that link to it, in whatever order the room names them', () => {
    const names = ['east', 'west', 'north', 'south', 'middle'];
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: 2 }), fc.shuffledSubarray(names), (served, order) => {
        const foci = served.map(name => focus(name, 'one'));
        const sorted = foci.toSorted(
          (one, other) => order.indexOf(one.focus.userId) - order.indexOf(other.focus.userId),
        );
        for (const one of foci)
          for (const { peer } of linksOf({ self: one.focus, foci, isPeopled: true })) {
            const back = linksOf({ self: peer, foci: sorted, isPeopled: true });
            expect(back.map(link => link.peer)).toContainEqual(one.focus);
          }
      }),
    );
  });
});
