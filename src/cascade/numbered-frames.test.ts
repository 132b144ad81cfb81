import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTrunkFrame } from '../../signalling/wire/trunk.ts';
import { NumberedFrames } from './numbered-frames.ts';

// The same cases in each run: what fails here fails again.
fc.configureGlobal({ seed: 20_261_129 });

const ROOM = { frames: 1_000, characters: 100_000 };

function started(keeping = ROOM): NumberedFrames {
  const frames = new NumberedFrames(keeping);
  frames.begin(1);
  return frames;
}

/** What arrives of some lines. */
function take(frames: NumberedFrames, lines: readonly string[]): string[] {
  return lines.flatMap(line => {
    const parsed = parseTrunkFrame(line);
    if (parsed.kind === 'bad' || parsed.value.kind !== 'carried') throw new Error(line);
    const { number, text } = parsed.value;
    return frames.take(number) === 'next' ? [text] : [];
  });
}

describe('numbered frames', () => {
  it('arrive once each and in order, wherever the WebSocket is cut and whatever was acknowledged', () => {
    // Of each WebSocket: how many are said, how many of its lines arrive, and whether the other side acknowledges then.
    const sockets = fc.array(fc.tuple(fc.nat(20), fc.nat(40), fc.boolean()), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sockets, cuts => {
        const [near, far] = [started(), started()];
        const said: string[] = [];
        const arrived: string[] = [];
        const socket = (count: number, through: number, acknowledges: boolean): void => {
          const at = far.position;
          if (at === undefined || !near.reaches(at)) throw new Error('it does not reach');
          near.acknowledge(at.received);
          const lines = [...near.waiting];
          for (let index = 0; index < count; index += 1) {
            said.push(`text ${said.length}`);
            const line = near.add(`text ${said.length - 1}`);
            if (line !== undefined) lines.push(line);
          }
          arrived.push(...take(far, lines.slice(0, through)));
          if (acknowledges) expect(near.acknowledge(far.received)).toBe(true);
        };
        for (const cut of cuts) socket(...cut);
        socket(0, Number.POSITIVE_INFINITY, true);
        expect(arrived).toEqual(said);
        expect(near.waiting).toEqual([]);
      }),
    );
  });

  it.each([
    ['frames', { frames: 3, characters: 1_000 }, 'x'],
    ['characters', { frames: 1_000, characters: 33 }, '123456789'],
  ])('are kept up to a bound of %s; beyond it the run is lost, and says so', (_, keeping, text) => {
    const frames = started(keeping);
    expect([1, 2, 3, 4].map(() => frames.add(text) !== undefined)).toEqual([true, true, true, false]);
    expect([frames.position, frames.waiting, frames.add('more')]).toEqual([undefined, [], undefined]);
    frames.begin(2);
    expect(frames.add('more')).toBe('1 more');
  });

  it('do not go on in another run, or from where nobody can be', () => {
    const frames = started();
    for (const text of ['a', 'b', 'c']) frames.add(text);
    frames.acknowledge(2);
    const reached = [0, 1, 2, 3, 4].filter(received => frames.reaches({ run: 1, received }));
    expect(reached).toEqual([2, 3]);
    expect(frames.reaches({ run: 2, received: 2 })).toBe(false);
    expect(frames.acknowledge(4)).toBe(false);
    // An older word changes nothing.
    expect([frames.acknowledge(1), frames.waiting]).toEqual([true, ['3 c']]);
  });

  it('tell a frame that is missing from one that came before', () => {
    const frames = started();
    expect([1, 1, 3, 2, 3, 1].map(number => frames.take(number))).toEqual([
      'next',
      'again',
      'gap',
      'next',
      'next',
      'again',
    ]);
  });
});
