/** The floor as a state machine: who holds it, who waits, who has lost it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeviceKey, keyOfDevice } from '../session.ts';
import {
  type Floor,
  FREE_FLOOR,
  keepFloor,
  MOST_WAITING,
  releaseFloor,
  RENEW_WITHIN_MS,
  requestFloor,
  revokeFloor,
  TURN_MS,
} from './floor.ts';

const T = 1_000_000;

function device(name: string, deviceId = 'DEV'): DeviceKey {
  return keyOfDevice({ userId: `@${name}`, deviceId });
}

const [ana, bo, cy] = [device('ana'), device('bo'), device('cy')];

function asked(floor: Floor, by: DeviceKey, now: number): Floor {
  const after = requestFloor(floor, by, now);
  if (after === 'full') throw new Error('the queue is full');
  return after;
}

/** All of them ask, in order. */
function floorOf(...sessions: DeviceKey[]): Floor {
  return sessions.reduce((floor, by) => asked(floor, by, T), FREE_FLOOR);
}

const everybody = (): boolean => true;

function order({ holder, queue }: Floor): (DeviceKey | undefined)[] {
  return [holder?.by, ...queue.map(({ by }) => by)];
}

describe('the floor', () => {
  it('goes to who asks first; the others wait in the order in which they asked', () => {
    expect(order(floorOf(ana, bo, cy))).toEqual([ana, bo, cy]);
  });

  it('passes to the next one when its holder lets go', () => {
    expect(order(releaseFloor(floorOf(ana, bo, cy), ana, T))).toEqual([bo, cy]);
  });

  it('is free when its holder lets go and nobody waits', () => {
    expect(order(releaseFloor(floorOf(ana), ana, T))).toEqual([undefined]);
  });

  it('keeps its order when somebody asks again', () => {
    expect(order(asked(asked(floorOf(ana, bo, cy), bo, T + 1), ana, T + 1))).toEqual([ana, bo, cy]);
  });

  it('is left by who no longer wants to wait', () => {
    expect(order(releaseFloor(floorOf(ana, bo, cy), bo, T))).toEqual([ana, cy]);
  });

  it('stays the same object where nothing happens', () => {
    const floor = floorOf(ana, bo);
    expect(keepFloor(floor, everybody, T + 1)).toBe(floor);
    expect(releaseFloor(floor, cy, T + 1)).toBe(floor);
    expect(revokeFloor(FREE_FLOOR, T)).toBe(FREE_FLOOR);
  });

  it(`has a queue for ${MOST_WAITING}, and refuses one more`, () => {
    const full = Array.from({ length: MOST_WAITING + 1 }, (_, index) => device(`user ${index}`));
    const floor = floorOf(...full);
    expect(floor.queue).toHaveLength(MOST_WAITING);
    expect(requestFloor(floor, device('too late'), T)).toBe('full');
    expect(requestFloor(floor, full[3] ?? ana, T + 1), 'who waits already may ask again').not.toBe('full');
  });
});

describe('a holder', () => {
  it('that does not ask again loses the floor within 10 s', () => {
    const floor = floorOf(ana);
    expect(order(keepFloor(floor, everybody, T + RENEW_WITHIN_MS - 1))).toEqual([ana]);
    expect(order(keepFloor(floor, everybody, T + RENEW_WITHIN_MS))).toEqual([undefined]);
    expect(RENEW_WITHIN_MS + 500, 'with the tick that looks').toBeLessThan(10_000);
  });

  it('that asks every 3 s keeps it for as long as nobody else wants it', () => {
    let floor = floorOf(ana);
    for (let now = T; now < T + 10 * TURN_MS; now += 3_000) floor = keepFloor(asked(floor, ana, now), everybody, now);
    expect(order(floor)).toEqual([ana]);
  });

  it('has a minute from when the first one waits, then it goes to the end of the queue', () => {
    let floor = floorOf(ana);
    const waitsSince = T + 2 * TURN_MS;
    for (let now = T; now < waitsSince; now += 3_000) floor = asked(floor, ana, now);
    for (let now = waitsSince; now < waitsSince + TURN_MS; now += 3_000) {
      floor = keepFloor(asked(asked(floor, ana, now), bo, now), everybody, now);
      expect(order(floor)).toEqual([ana, bo]);
    }
    const end = waitsSince + TURN_MS;
    expect(order(asked(keepFloor(floor, everybody, end), ana, end))).toEqual([bo, ana]);
  });

  it('has all the time again when nobody waits any more', () => {
    const floor = releaseFloor(floorOf(ana, bo), bo, T + 1);
    expect(floor.holder?.until).toBeUndefined();
  });

  it('who is gone, silent or may not speak loses it in the same step', () => {
    expect(order(keepFloor(floorOf(ana, bo, cy), key => key === cy, T))).toEqual([cy]);
  });
});

describe('a moderator', () => {
  it('takes the floor from its holder; the next one has it', () => {
    expect(order(revokeFloor(floorOf(ana, bo), T))).toEqual([bo]);
  });

  it('is not undone by a key that is still held', () => {
    let floor = revokeFloor(floorOf(ana), T);
    for (let now = T; now < T + 60_000; now += 3_000) floor = keepFloor(asked(floor, ana, now), everybody, now);
    expect(order(floor)).toEqual([undefined]);
  });

  it('lets who was silenced ask again once it has let go of its key', () => {
    const floor = revokeFloor(floorOf(ana), T);
    expect(order(asked(releaseFloor(floor, ana, T + 1), ana, T + 2))).toEqual([ana]);
  });

  it('forgets who was silenced when it has not asked for as long as a holder may', () => {
    const floor = keepFloor(revokeFloor(floorOf(ana), T), everybody, T + RENEW_WITHIN_MS);
    expect(order(asked(floor, ana, T + RENEW_WITHIN_MS))).toEqual([ana]);
  });
});

type Move =
  | { kind: 'ask' | 'release' | 'leave' | 'join' | 'replace'; who: number }
  | { kind: 'revoke' }
  | { kind: 'wait'; ms: number };

const PEOPLE = 5;
const who = fc.nat(PEOPLE - 1);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('ask' as const, 'release' as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('leave' as const, 'join' as const, 'replace' as const), who }),
  },
  { weight: 1, arbitrary: fc.constant<Move>({ kind: 'revoke' }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(100, 3_000, 8_999, 9_000, 60_000) }),
  },
);

/** Checked so often that `expect` would take most of the time. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

/** People who come, go, ask and let go at random, and a floor that is looked at after each of it, as in a conference. */
class Play {
  floor: Floor = FREE_FLOOR;
  now = T;
  readonly #sessions = new Map<number, DeviceKey>();
  readonly #askedAt = new Map<DeviceKey, number>();
  #count = 0;

  constructor() {
    for (let index = 0; index < PEOPLE; index++) this.#enter(index);
  }

  play(one: Move): void {
    const before = this.floor;
    this.#do(one);
    const there = new Set(this.#sessions.values());
    this.floor = keepFloor(this.floor, key => there.has(key), this.now);
    this.#check(before, one, there);
  }

  ask(index: number): void {
    this.play({ kind: 'ask', who: index });
  }

  sessionOf(index: number): DeviceKey | undefined {
    return this.#sessions.get(index);
  }

  #do(one: Move): void {
    const key = 'who' in one ? this.#sessions.get(one.who) : undefined;
    switch (one.kind) {
      case 'ask':
        if (key === undefined) return;
        this.#askedAt.set(key, this.now);
        this.floor = asked(this.floor, key, this.now);
        return;
      case 'release':
        if (key !== undefined) this.floor = releaseFloor(this.floor, key, this.now);
        return;
      case 'leave':
        this.#sessions.delete(one.who);
        return;
      case 'join':
        if (key === undefined) this.#enter(one.who);
        return;
      case 'replace':
        this.#enter(one.who);
        return;
      case 'revoke':
        this.floor = revokeFloor(this.floor, this.now);
        return;
      case 'wait':
        this.now += one.ms;
    }
  }

  /** Under a new session each time. */
  #enter(index: number): void {
    this.#sessions.set(index, device(`user ${index}`, `s${this.#count++}`));
  }

  #check(before: Floor, one: Move, there: ReadonlySet<DeviceKey>): void {
    const { holder, queue, revoked } = this.floor;
    const all = [...(holder === undefined ? [] : [holder]), ...queue, ...revoked];
    must(new Set(all.map(({ by }) => by)).size === all.length, 'nobody stands in two places');
    for (const { by } of all) {
      must(there.has(by), 'who is gone has nothing');
      must(this.now - (this.#askedAt.get(by) ?? 0) < RENEW_WITHIN_MS, 'who is dead has nothing');
    }
    must(holder !== undefined || queue.length === 0, 'the floor is not free while somebody waits');
    must((holder?.until !== undefined) === queue.length > 0, 'a turn ends while somebody waits, and only then');
    must((holder?.until ?? Infinity) > this.now, 'no turn goes on after its end');
    const waited = before.queue.map(({ by }) => by);
    if (before.holder?.by !== holder?.by && holder !== undefined && one.kind !== 'ask')
      must(waited.includes(holder.by), 'who gets it waited for it');
    const stayed = waited.filter(by => queue.some(claim => claim.by === by));
    must(
      stayed.every((by, place) => queue[place]?.by === by),
      'nobody overtakes',
    );
  }
}

describe('whatever happens in whatever order', () => {
  it('there is one holder at most, who is alive, and nobody overtakes', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 80 }), moves => {
        const play = new Play();
        for (const one of moves) play.play(one);
      }),
      { seed: 20_261_124, numRuns: 1_000 },
    );
  });

  it('who waits gets its turn, within a minute for each who was before it', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), fc.nat(PEOPLE - 1), (moves, index) => {
        const play = new Play();
        for (const one of moves) play.play(one);
        // All the others hold their keys and never let go.
        play.play({ kind: 'join', who: index });
        play.play({ kind: 'release', who: index });
        for (let one = 0; one < PEOPLE; one++) play.ask(one);
        const until = play.now + PEOPLE * TURN_MS;
        const own = play.sessionOf(index);
        while (play.floor.holder?.by !== own) {
          play.play({ kind: 'wait', ms: 3_000 });
          for (let one = 0; one < PEOPLE; one++) play.ask(one);
          must(play.now <= until, 'it waits for no longer than that');
        }
      }),
      { seed: 20_261_124, numRuns: 300 },
    );
  });
});
