/** Two ends of a trunk over real WebSockets. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CALL, FakeCarrier, ONE, Seen, startFocus, stopAllFoci, stopFocus, TWO } from '../testing/two-foci.ts';

afterEach(stopAllFoci);

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 10 });

async function bothOpen(carrier = new FakeCarrier()) {
  const [one, two] = [await startFocus(ONE, carrier), await startFocus(TWO, carrier)];
  const [atOne, atTwo] = [new Seen(one, TWO), new Seen(two, ONE)];
  await eventually(() => expect([atOne.last, atTwo.last]).toEqual(['open', 'open']));
  return { carrier, one, two, atOne, atTwo };
}

describe('a trunk', () => {
  it('is one when both ends want it, and carries frames both ways, in order, untouched', async () => {
    const { atOne, atTwo, one, two } = await bothOpen();
    const texts = Array.from(
      { length: 200 },
      (_, index) => `{"n":${index},"text":"grüße \\u0000 ${'x'.repeat(index)}"}`,
    );
    for (const text of texts) {
      expect(atOne.trunk.say(text)).toBe(true);
      expect(atTwo.trunk.say(`${text}!`)).toBe(true);
    }
    await eventually(() => expect([atTwo.frames.length, atOne.frames.length]).toEqual([200, 200]));
    expect(atTwo.frames).toEqual(texts);
    expect(atOne.frames).toEqual(texts.map(text => `${text}!`));
    expect([one.counted, two.counted]).toEqual([['opened'], ['opened']]);
    expect(atOne.states).toEqual([{ kind: 'open', resumed: false, epoch: atTwo.trunk.epoch, version: 1 }]);
    await eventually(() => expect(one.cascade.figures()[0]?.roundTripMs).toBeGreaterThan(0));
    expect(one.cascade.figures()).toMatchObject([{ conference: CALL, peer: TWO, state: 'open' }]);
  });

  it.each([
    ['the one that dials', true],
    ['the one that is dialled', false],
  ])('is one though %s comes much later', async (_, oneIsLate) => {
    const carrier = new FakeCarrier();
    const [one, two] = [await startFocus(ONE, carrier), await startFocus(TWO, carrier)];
    const early = oneIsLate ? new Seen(two, ONE) : new Seen(one, TWO);
    await eventually(() => expect(carrier.said.length).toBeGreaterThan(0));
    await new Promise(resolve => setTimeout(resolve, 500));
    expect(early.last).toBe('nothing');
    const late = oneIsLate ? new Seen(one, TWO) : new Seen(two, ONE);
    await eventually(() => expect([early.last, late.last]).toEqual(['open', 'open']));
  });

  it('ends for the other side, too, when one closes it, and comes back with it', async () => {
    const { two, atOne, atTwo } = await bothOpen();
    atTwo.trunk.close();
    await eventually(() => expect(atOne.last).toBe('ended WEIR_TRUNK_CLOSED'));
    expect(atOne.trunk.say('x')).toBe(false);
    const again = new Seen(two, ONE);
    await eventually(() => expect([atOne.last, again.last]).toEqual(['open', 'open']));
    expect(again.trunk.epoch).not.toBe(atTwo.trunk.epoch);
    expect(atOne.states.at(-1)).toMatchObject({ epoch: again.trunk.epoch });
    expect(atTwo.states).toHaveLength(1);
  });

  it('is made over TLS, to a certificate that is trusted alone', async () => {
    const fixture = (name: string): string => join(import.meta.dirname, '..', 'http', 'fixtures', name);
    const tls = { certFile: fixture('one.cert.pem'), keyFile: fixture('one.key.pem') };
    const ca = readFileSync(tls.certFile, 'utf8');
    const carrier = new FakeCarrier();
    const trusting = await startFocus(ONE, carrier, { ca });
    const wary = await startFocus({ userId: '@focus:elsewhere.example', deviceId: 'WEIR' }, carrier);
    const two = await startFocus(TWO, carrier, { tls });
    const [atTrusting, atWary] = [new Seen(trusting, TWO), new Seen(wary, TWO)];
    const [atTwo] = [new Seen(two, ONE), new Seen(two, wary.id)];
    await eventually(() => expect([atTrusting.last, atTwo.last]).toEqual(['open', 'open']));
    await eventually(() => expect(wary.counted).toContain('WEIR_TRUNK_UNREACHABLE'));
    expect(atWary.last).toBe('nothing');
    expect(JSON.stringify(wary.logged)).toMatch(/CERT|SELF_SIGNED/);
  });

  it('begins anew with a focus that was restarted', async () => {
    const { carrier, two, atOne } = await bothOpen();
    await stopFocus(two);
    await eventually(() => expect(atOne.last).toBe('ended WEIR_FOCUS_STOPPING'));
    const reborn = new Seen(await startFocus(TWO, carrier), ONE);
    await eventually(() => expect([atOne.last, reborn.last]).toEqual(['open', 'open']));
    atOne.trunk.say('welcome back');
    await eventually(() => expect(reborn.frames).toEqual(['welcome back']));
  });
});
