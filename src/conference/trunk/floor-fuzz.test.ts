/** Whatever becomes of trunks and keys: nobody ever hears two, and foci that are linked come to one floor. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ControlMessage, writeControl } from '../../../signalling/wire/control.ts';
import { type BenchClient, benchClient } from '../../testing/conference-bench.ts';
import {
  arbiters,
  type Call,
  down,
  heard,
  heardBy,
  holders,
  linked,
  listen,
  told,
  up,
} from '../../testing/floor-mesh.ts';
import { deviceOf } from '../../testing/walkie-talkie.ts';

const NAMES = ['ash', 'birch', 'cedar'] as const;
const TRUNKS = [
  ['ash', 'birch'],
  ['ash', 'cedar'],
  ['birch', 'cedar'],
] as const;

type Move =
  | { kind: 'down' | 'up'; who: number }
  | { kind: 'cut' | 'broken' | 'resumed' | 'begin'; trunk: number }
  | { kind: 'wait'; ms: number };

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('down' as const, 'up' as const), who: fc.nat(4) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('cut' as const, 'broken' as const, 'resumed' as const, 'begin' as const),
      trunk: fc.nat(TRUNKS.length - 1),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(500, 2_000, 7_000) }) },
);

class Play {
  readonly #call: Call = linked(...NAMES);
  readonly #pressing = new Set<BenchClient>();

  play(one: Move): void {
    const { mesh, everybody } = this.#call;
    switch (one.kind) {
      case 'down':
      case 'up': {
        const client = everybody[one.who];
        if (client === undefined) return;
        if (one.kind === 'down') this.#pressing.add(client);
        else this.#pressing.delete(client);
        (one.kind === 'down' ? down : up)(this.#call, client);
        break;
      }
      case 'cut':
      case 'broken':
      case 'resumed':
      case 'begin': {
        const [a, b] = TRUNKS[one.trunk] ?? TRUNKS[0];
        if (one.kind === 'cut') mesh.cut(a, b);
        else if (one.kind === 'begin') mesh.open(a, b);
        else mesh.link(a, b, one.kind);
        mesh.settle();
        if (one.kind === 'begin') listen(this.#call);
        break;
      }
      case 'wait':
        mesh.pass(one.ms, ...this.#pressing);
    }
    this.#check();
  }

  #check(): void {
    expect(heard(this.#call).every(voices => voices.length <= 1)).toBe(true);
  }

  /** All trunks are there again: one floor, and everybody knows it. */
  end(): void {
    const { mesh, everybody } = this.#call;
    for (const [a, b] of TRUNKS) mesh.open(a, b);
    mesh.settle();
    mesh.pass(12_000, ...this.#pressing);
    // Whose turn has just ended asks on.
    for (const client of this.#pressing) down(this.#call, client);
    expect(arbiters(this.#call)).toEqual(['ash']);
    const holding = holders(this.#call);
    expect(holding.length).toBe(this.#pressing.size > 0 ? 1 : 0);
    const texts = everybody.map(client => JSON.stringify(told(this.#call, client)?.holder));
    expect(new Set(texts).size).toBe(1);
    const waiting = everybody.filter(client => told(this.#call, client)?.you === 'queued');
    expect(new Set([...holding, ...waiting])).toEqual(this.#pressing);
  }
}

it('nobody hears two, and in the end there is one floor', () => {
  fc.assert(
    fc.property(fc.array(move, { minLength: 1, maxLength: 25 }), moves => {
      const play = new Play();
      for (const one of moves) play.play(one);
      play.end();
    }),
    { seed: 20_261_129, numRuns: 60 },
  );
}, 240_000);

const devices = fc.array(
  fc.constantFrom(...['ann', 'abe', 'bea', 'bob', 'eve', 'quiet'].map(name => deviceOf(benchClient(name)))),
  { maxLength: 4 },
);
const foci = fc.subarray(
  ['ash', 'birch', 'nowhere'].map(name => ({ userId: `@focus:${name}.example`, deviceId: 'WEIR' })),
);
const device = devices.map(([one]) => one);
const lie: fc.Arbitrary<ControlMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('floor_across' as const),
    links: foci,
    wantedBy: devices,
    decided: fc.option(fc.record({ holder: device, queue: devices }), { nil: undefined }),
  }),
  fc.tuple(device, device).map(([holder, by]) => ({
    kind: 'floor_revoke' as const,
    ...(holder === undefined ? {} : { holder }),
    ...(by === undefined ? {} : { by }),
  })),
);

it.each([
  ['ash', 'birch', ['ann', 'abe']],
  ['birch', 'ash', ['bea', 'bob']],
] as const)(
  '%s makes nobody heard for what %s says who does not want it, and goes on without it',
  (near, far, names) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(lie, fc.nat(3)), { minLength: 1, maxLength: 30 }), lies => {
        const it = linked('ash', 'birch');
        const here = it.everybody.filter(({ session }) =>
          names.some(name => session.userId === `@${name}:example.org`),
        );
        const pressing = new Set<BenchClient>();
        it.mesh.cut(near, far);
        for (const [message, key] of lies) {
          it.mesh.site(near).hear(far, writeControl(message));
          const client = here[key % 2];
          if (client !== undefined && key < 2) {
            if (pressing.delete(client)) up(it, client);
            else {
              pressing.add(client);
              down(it, client);
            }
          }
          for (const one of here) {
            if (!pressing.has(one)) expect(told(it, one)?.you).toBe('none');
            expect(heardBy(it, one).length).toBeLessThanOrEqual(1);
          }
        }
        for (const client of pressing) up(it, client);
        it.mesh.pass(12_000);
        const [one] = here;
        if (one === undefined) throw new Error('somebody is here');
        down(it, one);
        expect(told(it, one)).toMatchObject({ you: 'holder' });
      }),
      { seed: 20_261_129, numRuns: 100 },
    );
  },
  240_000,
);
