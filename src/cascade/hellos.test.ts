/** Hellos that are not to be trusted, or come at the wrong time. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TrunkHello } from '../../signalling/wire/trunk.ts';
import type { Naming } from '../ports.ts';
import { CALL, FakeCarrier, ONE, Seen, startFocus, stopAllFoci, TWO } from '../testing/two-foci.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { openEnd } from './handshake.ts';

afterEach(stopAllFoci);

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 10 });

describe('a hello', () => {
  const OTHER = { userId: '@focus:three.example', deviceId: 'WEIR' };
  const helloOf = (from: TrunkHello['from'], more: Partial<TrunkHello> = {}): TrunkHello => ({
    ...openEnd({ from, ...CALL, versions: [1], url: 'wss://three.example/v1/trunk', ...more }).hello,
    answers: [],
  });

  it('ahead of the room’s state waits for it', async () => {
    const carrier = new FakeCarrier();
    let naming: Naming = 'not yet';
    const one = await startFocus(ONE, carrier);
    const two = await startFocus(TWO, carrier, { namingOf: () => naming });
    const [atOne, atTwo] = [new Seen(one, TWO), new Seen(two, ONE)];
    await eventually(() => expect(one.counted).toContain('WEIR_TOKEN_REFUSED'));
    expect([atOne.last, atTwo.last]).toEqual(['nothing', 'nothing']);
    naming = 'named';
    await eventually(() => expect([atOne.last, atTwo.last]).toEqual(['open', 'open']));
  });

  it('waits 10 s and no longer, and only so many wait', async () => {
    const clock = new VirtualClock();
    const two = await startFocus(TWO, new FakeCarrier(), { clock, namingOf: () => 'not yet' });
    const refused = (code: string): number => two.counted.filter(outcome => outcome === code).length;
    two.cascade.hello(helloOf(OTHER));
    await clock.pass(9_500);
    expect(two.counted).toEqual([]);
    await clock.pass(1_000);
    expect(two.counted).toEqual(['WEIR_TRUNK_NOT_NAMED']);
    for (let times = 0; times < 20; times += 1) two.cascade.hello(helloOf(OTHER));
    expect(refused('WEIR_TRUNK_LIMIT')).toBe(4);
    await clock.pass(11_000);
    expect([refused('WEIR_TRUNK_NOT_NAMED'), clock.pending]).toEqual([17, 0]);
  });

  it('of a focus that no member names comes to nothing, and touches no trunk', async () => {
    const carrier = new FakeCarrier();
    const one = await startFocus(ONE, carrier);
    const namingOf = (_: unknown, { userId }: { userId: string }): Naming =>
      userId === OTHER.userId ? 'refused' : 'named';
    const two = await startFocus(TWO, carrier, { namingOf });
    const [atOne, atTwo] = [new Seen(one, TWO), new Seen(two, ONE)];
    const atOther = new Seen(two, OTHER);
    await eventually(() => expect([atOne.last, atTwo.last]).toEqual(['open', 'open']));
    two.cascade.hello(helloOf(OTHER));
    expect(two.counted).toContain('WEIR_TRUNK_NOT_NAMED');
    expect([atOther.states, atTwo.states.length]).toEqual([[], 1]);
  });

  it.each([
    ['a server that is denied', { allowedServers: ['*'], deniedServers: ['three.example'] }],
    ['a server that is not allowed', { allowedServers: ['two.example'], deniedServers: [] }],
  ])('of %s is refused, and so is a trunk to it', async (_, lists) => {
    const limits = { ...lists, trunksPerServer: 10, handshakesPerMinute: 10 };
    const two = await startFocus(TWO, new FakeCarrier(), { limits });
    two.cascade.hello(helloOf(OTHER));
    expect(two.counted).toEqual(['WEIR_TRUNK_DENIED']);
    const seen = new Seen(two, OTHER);
    await eventually(() => expect(seen.last).toBe('refused WEIR_TRUNK_DENIED'));
    expect(seen.trunk.say('x')).toBe(false);
  });

  it('is looked at so often of one server; others are none the worse', async () => {
    const carrier = new FakeCarrier();
    const limits = { allowedServers: ['*'], deniedServers: [], trunksPerServer: 10, handshakesPerMinute: 20 };
    const [one, two] = [await startFocus(ONE, carrier), await startFocus(TWO, carrier, { limits })];
    for (let times = 0; times < 500; times += 1)
      two.cascade.hello(helloOf({ userId: `@focus${times}:three.example`, deviceId: 'X' }));
    expect(two.counted.filter(outcome => outcome === 'WEIR_TRUNK_LIMIT')).toHaveLength(480);
    const [atOne, atTwo] = [new Seen(one, TWO), new Seen(two, ONE)];
    await eventually(() => expect([atOne.last, atTwo.last]).toEqual(['open', 'open']));
  });

  it('finds no more trunks to a server than there may be; the next one begins when there is a place', async () => {
    const clock = new VirtualClock();
    const limits = { allowedServers: ['*'], deniedServers: [], trunksPerServer: 2, handshakesPerMinute: 20 };
    const two = await startFocus(TWO, new FakeCarrier(), { limits, clock });
    const seen = ['a', 'b', 'c'].map(confId => new Seen(two, OTHER, { ...CALL, confId }));
    await clock.pass(1);
    expect(seen.map(({ last }) => last)).toEqual(['nothing', 'nothing', 'refused WEIR_TRUNK_LIMIT']);
    const inState = (...states: string[]): string[] =>
      two.cascade
        .figures()
        .filter(({ state }) => states.includes(state))
        .map(({ conference }) => conference.confId);
    const there = (): string[] => inState('calling', 'open', 'broken');
    expect(two.cascade.figures().at(-1)).toMatchObject({ state: 'refused', code: 'WEIR_TRUNK_LIMIT', peer: OTHER });
    await clock.pass(60_000);
    expect(there()).toEqual(['a', 'b']);
    seen[0]?.trunk.close();
    await clock.pass(10_000);
    expect([there(), inState('refused')]).toEqual([['b', 'c'], []]);
    expect(seen[2]?.trunk.epoch).not.toBe('');
  });

  it.each([
    ['a private address', 'wss://10.1.2.3/v1/trunk'],
    ['loopback by another name', 'wss://[::ffff:127.0.0.2]/v1/trunk'],
    ['no TLS beyond this machine', 'ws://93.184.216.34/v1/trunk'],
    ['a name that has a private address alone', 'wss://localhost:1/v1/trunk'],
    ['a user', 'wss://user:secret@93.184.216.34/v1/trunk'],
  ])('whose URL has %s is dialled nowhere', async (_, url) => {
    const carrier = new FakeCarrier();
    const one = await startFocus(ONE, carrier, { allowedNetworks: [] });
    const atOne = new Seen(one, TWO);
    one.cascade.hello(helloOf(TWO, { url }));
    await eventually(() => expect(atOne.last).toBe('refused WEIR_TRUNK_ADDRESS'));
  });

  it('of this focus itself is none', async () => {
    const two = await startFocus(TWO, new FakeCarrier());
    two.cascade.hello(helloOf(TWO));
    expect(two.counted).toEqual([]);
  });
});

describe('two foci', () => {
  it('of other versions speak the best that both know, or none, and say so', async () => {
    const carrier = new FakeCarrier();
    const [one, two] = [await startFocus(ONE, carrier), await startFocus(TWO, carrier, { versions: [2] })];
    const [atOne, atTwo] = [new Seen(one, TWO), new Seen(two, ONE)];
    await eventually(() => expect([atOne.last, atTwo.last]).toEqual(Array(2).fill('refused WEIR_TRUNK_VERSION')));
  });

  it('whose hellos were changed on their way make no trunk', async () => {
    const carrier = new FakeCarrier();
    carrier.change = (hello, to) => [
      to.userId === TWO.userId ? { ...hello, url: 'wss://evil.example/v1/trunk' } : hello,
    ];
    const [one, two] = [await startFocus(ONE, carrier), await startFocus(TWO, carrier)];
    const [atOne, atTwo] = [new Seen(one, TWO), new Seen(two, ONE)];
    const refused = (): number => one.counted.filter(code => code === 'WEIR_TOKEN_REFUSED').length;
    await eventually(() => expect(refused(), `counted: ${one.counted.join()}`).toBeGreaterThan(2));
    expect([atOne.last, atTwo.last]).toEqual(['nothing', 'nothing']);
  });
});
