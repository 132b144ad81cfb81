/** The handshake without a network: hellos that are redelivered, stale, reordered, forged, lost; both roles; restarts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrunkHello } from '../../signalling/wire/trunk.ts';
import { dials, linkOf, openEnd, type OwnEnd } from './handshake.ts';
import {
  dueAt,
  type Effect,
  type Ends,
  type Input,
  linksOf,
  type Machine,
  startMachine,
  step,
} from './trunk-machine.ts';

// The same cases in each run: what fails here fails again.
fc.configureGlobal({ seed: 20_261_129 });

const ONE = { userId: '@focus:one.example', deviceId: 'WEIR' };
const TWO = { userId: '@focus:two.example', deviceId: 'WEIR' };
const CALL = { roomId: '!room:one', confId: 'conf' };

/** One end, with all that it did. */
class End {
  readonly own: OwnEnd;
  readonly ends: Ends;
  readonly hellos: TrunkHello[] = [];
  readonly effects: Effect[] = [];
  machine: Machine;

  constructor(self: TrunkHello['from'], peer: TrunkHello['from'], now: number, versions = [1]) {
    this.own = openEnd({ from: self, ...CALL, versions, url: 'wss://focus/v1/trunk' });
    this.ends = { epoch: this.epoch, dials: dials(self, peer), linkOf: hello => linkOf(this.own, hello) };
    this.machine = startMachine(now);
  }

  get epoch(): string {
    return this.own.hello.epoch;
  }

  get phase(): Machine['phase']['kind'] {
    return this.machine.phase.kind;
  }

  /** Epoch of the other end that is open here. */
  get openWith(): string | undefined {
    return this.machine.phase.kind === 'open' ? this.machine.phase.link.epoch : undefined;
  }

  take(input: Input, now: number): Effect[] {
    const { machine, effects } = step(this.machine, input, now, this.ends);
    this.machine = machine;
    this.effects.push(...effects);
    for (const effect of effects)
      if (effect.kind === 'say-hello') this.hellos.push({ ...this.own.hello, answers: effect.answers });
    return effects;
  }

  count(kind: Effect['kind']): number {
    return this.effects.filter(effect => effect.kind === kind).length;
  }
}

/** Two ends, a carrier that loses, repeats and reorders hellos, and WebSockets that open where both have the same secret. */
class Pair {
  now = 1_000_000;
  one = new End(ONE, TWO, this.now);
  two = new End(TWO, ONE, this.now);
  /** All hellos that were ever said, of all runs: any of them may come at any time. */
  readonly said: { to: 'one' | 'two'; hello: TrunkHello }[] = [];
  readonly #read = new Map<End, number>();

  deliver(index: number): void {
    const { to, hello } = this.said[index % this.said.length] ?? {};
    if (to !== undefined && hello !== undefined) this[to].take({ kind: 'hello', hello }, this.now);
  }

  restart(which: 'one' | 'two'): void {
    const [self, peer] = which === 'one' ? [ONE, TWO] : [TWO, ONE];
    const other = which === 'one' ? this.two : this.one;
    const gone = this[which].epoch;
    this[which] = new End(self, peer, this.now);
    other.take({ kind: 'cut', epoch: gone, code: 'WEIR_TRUNK_UNREACHABLE', forGood: false }, this.now);
  }

  cut(): void {
    for (const end of [this.one, this.two]) {
      const epoch = end.openWith;
      if (epoch !== undefined)
        end.take({ kind: 'cut', epoch, code: 'WEIR_TRUNK_UNREACHABLE', forGood: false }, this.now);
    }
  }

  /** @param arrive whether what is said arrives by itself */
  pass(ms: number, arrive: boolean): void {
    for (const until = this.now + ms; this.now < until; this.now += 50) {
      for (const end of [this.one, this.two]) {
        if ((dueAt(end.machine) ?? Number.POSITIVE_INFINITY) > this.now) continue;
        for (const effect of end.take({ kind: 'time' }, this.now)) if (effect.kind === 'dial') this.#dial(effect.link);
      }
      this.#carry(arrive);
    }
  }

  #carry(arrive: boolean): void {
    for (const [end, to] of [
      [this.one, 'two'],
      [this.two, 'one'],
    ] as const) {
      for (const hello of end.hellos.slice(this.#read.get(end) ?? 0)) {
        this.said.push({ to, hello });
        if (arrive) this.deliver(this.said.length - 1);
      }
      this.#read.set(end, end.hellos.length);
    }
  }

  /** As the tokens of both do: it opens where each has the other's epoch, and one secret. */
  #dial(link: ReturnType<typeof linksOf>[number]): void {
    const { one, two } = this;
    const answering = linksOf(two.machine).find(({ epoch }) => epoch === one.epoch);
    if (link.epoch === two.epoch && answering?.secret.equals(link.secret) === true) {
      two.take({ kind: 'opened', epoch: one.epoch, resumed: false }, this.now);
      one.take({ kind: 'opened', epoch: two.epoch, resumed: false }, this.now);
      return;
    }
    one.take({ kind: 'failed', epoch: link.epoch, code: 'WEIR_TOKEN_REFUSED', message: 'no' }, this.now);
  }

  get isOpen(): boolean {
    return this.one.openWith === this.two.epoch && this.two.openWith === this.one.epoch;
  }
}

type Move =
  | { kind: 'pass'; ms: number; arrive: boolean }
  | { kind: 'again'; which: number }
  | { kind: 'restart'; which: 'one' | 'two' }
  | { kind: 'cut' }
  | { kind: 'forged'; to: 'one' | 'two'; like: number };

const side = fc.constantFrom<'one' | 'two'>('one', 'two');
const moves = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        ms: fc.integer({ min: 50, max: 5_000 }),
        arrive: fc.boolean(),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('again' as const), which: fc.nat(1_000) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), which: side }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('forged' as const), to: side, like: fc.nat(1_000) }) },
  ),
  { maxLength: 30 },
);

/** A hello of the peer that is not the peer's: somebody else's key, under an epoch of its own or a copied one. */
function forge(pair: Pair, to: 'one' | 'two', like: number): TrunkHello {
  const from = to === 'one' ? TWO : ONE;
  const { hello } = openEnd({ from, ...CALL, versions: [1], url: 'wss://evil/v1/trunk' });
  const copied = pair.said[like % Math.max(1, pair.said.length)]?.hello.epoch;
  return { ...hello, ...(like % 2 === 0 && copied !== undefined ? { epoch: copied } : {}), answers: [pair[to].epoch] };
}

function play(pair: Pair, move: Move): void {
  switch (move.kind) {
    case 'pass':
      return pair.pass(move.ms, move.arrive);
    case 'again':
      return pair.deliver(move.which);
    case 'restart':
      return pair.restart(move.which);
    case 'cut':
      return pair.cut();
    case 'forged':
      pair[move.to].take({ kind: 'hello', hello: forge(pair, move.to, move.like) }, pair.now);
  }
}

describe('a handshake', () => {
  it('ends open at both ends, whatever was lost, repeated, reordered, forged or restarted before', () => {
    fc.assert(
      fc.property(moves, played => {
        const pair = new Pair();
        for (const move of played) play(pair, move);
        // Then the homeservers deliver for two minutes.
        pair.pass(120_000, true);
        expect([pair.one.phase, pair.two.phase]).toEqual(['open', 'open']);
        expect(pair.isOpen).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('that is done stays so: no hello changes what is open, and little is said about any', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1_000), fc.boolean(), side), { maxLength: 60 }), hellos => {
        const pair = new Pair();
        pair.pass(5_000, true);
        pair.restart('two');
        pair.pass(20_000, true);
        expect(pair.isOpen).toBe(true);
        const told = [
          pair.one.count('tell'),
          pair.two.count('tell'),
          pair.one.count('hang-up'),
          pair.two.count('hang-up'),
        ];
        for (const [which, isForged, to] of hellos) {
          if (isForged) pair[to].take({ kind: 'hello', hello: forge(pair, to, which) }, pair.now);
          else pair.deliver(which);
          pair.pass(50, true);
        }
        pair.pass(60_000, true);
        expect(pair.isOpen).toBe(true);
        expect([
          pair.one.count('tell'),
          pair.two.count('tell'),
          pair.one.count('hang-up'),
          pair.two.count('hang-up'),
        ]).toEqual(told);
        expect(linksOf(pair.one.machine)).toHaveLength(1);
      }),
      { numRuns: 100 },
    );
  });

  it('takes nothing from an end that is over', () => {
    const pair = new Pair();
    pair.pass(5_000, true);
    const stale = pair.said.filter(({ to }) => to === 'one');
    const gone = pair.two.epoch;
    pair.one.take({ kind: 'cut', epoch: gone, code: 'WEIR_TRUNK_CLOSED', forGood: true }, pair.now);
    expect(pair.one.phase).toBe('calling');
    expect(pair.one.effects.at(-1)).toEqual({ kind: 'tell', state: { kind: 'ended', code: 'WEIR_TRUNK_CLOSED' } });
    for (const { hello } of stale) pair.one.take({ kind: 'hello', hello }, pair.now);
    expect(linksOf(pair.one.machine)).toEqual([]);
  });

  it.each([
    ['fails at once', 0],
    ['takes its time to fail', 2_000],
  ])(
    'dials every 2 s or sooner while the trunk is broken, also where it %s, and says no hello for it',
    (_, failsAfter) => {
      const pair = new Pair();
      pair.pass(10_000, true);
      const hellos = pair.one.hellos.length + pair.two.hellos.length;
      pair.cut();
      const dialled: { at: number; epoch: string }[] = [];
      let under: { at: number; epoch: string } | undefined;
      for (const until = pair.now + 60_000; pair.now < until; pair.now += 50) {
        if (under !== undefined && pair.now >= under.at + failsAfter) {
          const { epoch } = under;
          under = undefined;
          pair.one.take({ kind: 'failed', epoch, code: 'WEIR_TRUNK_UNREACHABLE', message: 'no' }, pair.now);
        }
        if ((dueAt(pair.one.machine) ?? Number.POSITIVE_INFINITY) > pair.now) continue;
        for (const effect of pair.one.take({ kind: 'time' }, pair.now)) {
          if (effect.kind !== 'dial') continue;
          expect(under).toBeUndefined();
          under = { at: pair.now, epoch: effect.link.epoch };
          dialled.push(under);
        }
      }
      const gaps = dialled.slice(1).map(({ at }, index) => at - (dialled[index]?.at ?? 0));
      expect(Math.max(...gaps)).toBeLessThanOrEqual(2_050);
      expect(dialled.length).toBeGreaterThan(28);
      expect(pair.one.hellos.length + pair.two.hellos.length).toBe(hellos);
      expect(pair.two.count('dial')).toBe(0);
    },
  );

  it('is dialled with a pause where it is cut again and again', () => {
    const pair = new Pair();
    pair.pass(10_000, true);
    const before = pair.one.count('dial');
    for (let times = 0; times < 1_000 && pair.now < 1_070_000; times += 1) {
      pair.cut();
      pair.pass(50, true);
    }
    expect(pair.one.count('dial') - before).toBeLessThan(60);
  });

  it('is refused without a common version, until the other focus comes with one', () => {
    const pair = new Pair();
    pair.two = new End(TWO, ONE, pair.now, [7]);
    pair.pass(3_000, true);
    expect([pair.one.phase, pair.two.phase]).toEqual(['refused', 'refused']);
    expect(pair.one.effects.at(-1)).toMatchObject({
      kind: 'tell',
      state: { kind: 'refused', code: 'WEIR_TRUNK_VERSION' },
    });
    const hellos = pair.one.hellos.length;
    pair.pass(300_000, true);
    expect(pair.one.hellos.length).toBe(hellos);
    pair.restart('two');
    pair.pass(5_000, true);
    expect(pair.isOpen).toBe(true);
  });

  it('tells the other end of its version also where it is refused before it has said anything', () => {
    const pair = new Pair();
    pair.two = new End(TWO, ONE, pair.now, [7]);
    pair.one.take({ kind: 'hello', hello: { ...pair.two.own.hello, answers: [] } }, pair.now);
    expect(pair.one.phase).toBe('refused');
    pair.one.take({ kind: 'time' }, pair.now);
    expect(pair.one.hellos.map(({ answers }) => answers)).toEqual([[pair.two.epoch]]);
    const [said] = pair.one.hellos;
    if (said === undefined) throw new Error('no hello');
    pair.two.take({ kind: 'hello', hello: said }, pair.now);
    // Which answers it: so nothing more is to be said.
    expect([pair.two.phase, dueAt(pair.two.machine), dueAt(pair.one.machine)]).toEqual([
      'refused',
      undefined,
      undefined,
    ]);
  });

  it.each(['WEIR_TRUNK_DENIED', 'WEIR_TRUNK_ADDRESS', 'WEIR_TRUNK_VERSION'] as const)('gives up at %s', code => {
    const pair = new Pair();
    const hello: TrunkHello = { ...pair.two.own.hello, answers: [] };
    pair.one.take({ kind: 'hello', hello }, pair.now);
    pair.one.take({ kind: 'failed', epoch: pair.two.epoch, code, message: 'no' }, pair.now);
    expect(pair.one.phase).toBe('refused');
    pair.one.take({ kind: 'hello', hello }, pair.now);
    expect([pair.one.phase, dueAt(pair.one.machine)]).toEqual(['refused', undefined]);
  });

  it('ends where the other focus refuses it meanwhile, though another end of it may still come', () => {
    const pair = new Pair();
    pair.pass(5_000, true);
    pair.cut();
    const { hello } = openEnd({ from: TWO, ...CALL, versions: [1], url: 'wss://focus/v1/trunk' });
    pair.one.take({ kind: 'hello', hello: { ...hello, answers: [] } }, pair.now);
    pair.one.take({ kind: 'failed', epoch: pair.two.epoch, code: 'WEIR_TRUNK_DENIED', message: 'no' }, pair.now);
    expect(pair.one.phase).toBe('calling');
    expect(pair.one.effects.at(-1)).toEqual({ kind: 'tell', state: { kind: 'ended', code: 'WEIR_TRUNK_DENIED' } });
    expect(linksOf(pair.one.machine).map(({ epoch }) => epoch)).toEqual([hello.epoch]);
  });

  it('says hello ever more rarely to a focus that never answers', () => {
    const pair = new Pair();
    pair.pass(600_000, false);
    expect(pair.one.hellos.length).toBeGreaterThan(10);
    expect(pair.one.hellos.length).toBeLessThan(20);
  });

  it('that is closed does nothing any more', () => {
    const pair = new Pair();
    pair.pass(5_000, true);
    const effects = pair.one.take({ kind: 'close', code: 'WEIR_TRUNK_CLOSED' }, pair.now);
    expect(effects).toEqual([{ kind: 'hang-up', epoch: pair.two.epoch, code: 'WEIR_TRUNK_CLOSED', forGood: true }]);
    for (const { hello } of pair.said) expect(pair.one.take({ kind: 'hello', hello }, pair.now)).toEqual([]);
    expect(pair.one.take({ kind: 'time' }, pair.now)).toEqual([]);
    expect(dueAt(pair.one.machine)).toBeUndefined();
  });
});
