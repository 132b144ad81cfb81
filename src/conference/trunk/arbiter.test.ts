/** Which focus hands out the floor: all find the same one, whatever trunks are cut, or rest. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeviceKey, keyOfDevice } from '../../session.ts';
import { arbiterAmong, type HearingFocus } from './arbiter.ts';

const NAMES = ['ash', 'birch', 'cedar', 'doum', 'elm', 'fir'] as const;

function focus(name: string): DeviceKey {
  return keyOfDevice({ userId: `@focus:${name}`, deviceId: 'WEIR' });
}

/** Foci of these names with these trunks between them, each `one other`. */
class Trunks {
  readonly #names: readonly string[];
  readonly #trunks: ReadonlySet<string>;

  constructor(names: readonly string[], trunks: readonly string[]) {
    this.#names = names;
    this.#trunks = new Set(trunks);
  }

  #neighbours(name: string): string[] {
    return this.#names.filter(other => this.#trunks.has([name, other].toSorted().join(' ')));
  }

  #hearing(name: string): HearingFocus {
    return { key: focus(name), hears: new Set(this.#neighbours(name).map(focus)) };
  }

  /** Whom each focus takes for the one that hands out the floor. */
  chosen(): (DeviceKey | undefined)[] {
    return this.#names.map(name =>
      arbiterAmong(
        this.#hearing(name),
        this.#neighbours(name).map(other => this.#hearing(other)),
      ),
    );
  }

  /** All that are linked to each other, over others or not. */
  together(name: string): Set<string> {
    const found = new Set([name]);
    for (const one of found) for (const other of this.#neighbours(one)) found.add(other);
    return found;
  }
}

describe('the floor is handed out by', () => {
  it('a focus that is alone', () => {
    expect(new Trunks(['ash'], []).chosen()).toEqual([focus('ash')]);
  });

  it('the first by name of a full mesh', () => {
    const chosen = new Trunks(['birch', 'ash', 'cedar'], ['ash birch', 'ash cedar', 'birch cedar']).chosen();
    expect(new Set(chosen)).toEqual(new Set([focus('ash')]));
  });

  it('the one that both ends of a cut trunk still hear', () => {
    const chosen = new Trunks(['ash', 'birch', 'cedar'], ['ash cedar', 'birch cedar']).chosen();
    expect(chosen).toEqual([focus('cedar'), focus('cedar'), focus('cedar')]);
  });

  it('itself, where another one does not hear it yet', () => {
    const self = { key: focus('birch'), hears: new Set([focus('ash')]) };
    expect(arbiterAmong(self, [{ key: focus('ash'), hears: new Set() }])).toBe(focus('birch'));
  });

  it('nobody, where no focus hears all', () => {
    const chosen = new Trunks(
      ['ash', 'birch', 'cedar', 'doum'],
      ['ash birch', 'birch cedar', 'ash doum', 'cedar doum'],
    );
    expect(chosen.chosen()).toEqual([undefined, undefined, undefined, undefined]);
  });
});

it('by one focus at most of all that are linked, whatever trunks there are; and by one where any is linked to all', () => {
  const pairs = NAMES.flatMap((one, index) => NAMES.slice(index + 1).map(other => `${one} ${other}`));
  fc.assert(
    fc.property(fc.subarray(pairs), trunks => {
      const mesh = new Trunks(NAMES, trunks);
      const chosen = mesh.chosen();
      for (const name of NAMES) {
        const together = mesh.together(name);
        const indexes = NAMES.flatMap((other, index) => (together.has(other) ? index : []));
        const arbiters = indexes.filter(index => chosen[index] === focus(NAMES[index] ?? ''));
        expect(arbiters.length).toBeLessThanOrEqual(1);
        const hub = NAMES.find(
          one =>
            together.has(one) &&
            [...together].every(other => one === other || trunks.includes([one, other].toSorted().join(' '))),
        );
        if (hub !== undefined) expect(indexes.map(index => chosen[index])).toEqual(indexes.map(() => focus(hub)));
      }
    }),
    { seed: 20_261_129, numRuns: 2_000 },
  );
});
