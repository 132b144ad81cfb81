/** One floor in a call over several foci: one of them hands it out, and nobody hears two. */
import { describe, expect, it } from 'vitest';
import type { Permissions } from '../../../signalling/wire/permissions.ts';
import { keyOfDevice, keyOfSubscription } from '../../session.ts';
import { audioOf, type BenchClient, benchClient, newsIn, toldIn } from '../../testing/conference-bench.ts';
import {
  arbiters,
  call,
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
import { deviceOf, errors, letGo, WALKIE_TALKIE } from '../../testing/walkie-talkie.ts';

const ANN = '@ann:example.org';
const BOB = '@bob:example.org';

describe('a call over two foci', () => {
  it('has one that hands out the floor, the first by name', () => {
    expect(arbiters(linked('ash', 'birch'))).toEqual(['ash']);
  });

  it('makes its holder heard by all on both sides', () => {
    const it = linked('ash', 'birch');
    down(it, it.bob);
    expect(told(it, it.bob)).toMatchObject({ you: 'holder' });
    expect(told(it, it.ann)).toEqual({ kind: 'floor', holder: deviceOf(it.bob), you: 'none' });
    expect(heard(it)).toEqual([[BOB], [BOB], [BOB], []]);
  });

  it('is first come, first served, wherever they are', () => {
    const it = linked('ash', 'birch');
    for (const client of [it.bob, it.ann, it.bea]) down(it, client);
    expect([it.bob, it.ann, it.bea].map(client => told(it, client))).toMatchObject([
      { you: 'holder' },
      { you: 'queued', position: 1, holder: deviceOf(it.bob) },
      { you: 'queued', position: 2, holder: deviceOf(it.bob) },
    ]);
    expect(told(it, it.bea)?.until, 'the turn ends for others who wait').toBe(told(it, it.ann)?.until);
    up(it, it.bob);
    expect(holders(it)).toEqual([it.ann]);
    expect(heard(it)).toEqual([[], [ANN], [ANN], [ANN]]);
    up(it, it.ann);
    expect(holders(it)).toEqual([it.bea]);
    up(it, it.bea);
    expect(holders(it)).toEqual([]);
    expect(heard(it).flat()).toEqual([]);
  });

  it('never lets anybody hear two in a hand-over', () => {
    const it = linked('ash', 'birch');
    down(it, it.bob);
    down(it, it.ann);
    letGo(it.mesh.of(it.bob).bench, it.bob);
    expect(heardBy(it, it.bea), 'who lets go is silent at once').toEqual([]);
    expect(heard(it).every(voices => voices.length <= 1)).toBe(true);
    it.mesh.settle();
    expect(heardBy(it, it.bea)).toEqual([ANN]);
  });

  it('asks for voices before their turn, so that a hand-over waits for no message more', () => {
    const it = linked('ash', 'birch');
    it.mesh.pass(20_000);
    const wanted = toldIn(it.mesh.site('birch').bench.effects, it.bob, 'layers_wanted');
    expect(wanted.flatMap(({ tracks }) => tracks).filter(({ trackId }) => trackId === audioOf(it.bob).trackId)).toEqual(
      [],
    );
    const trunk = it.mesh.site('birch').bench.conference.roster.foci.values().next().value;
    expect(trunk?.wanted.has(keyOfSubscription(audioOf(it.bob)))).toBe(true);
    expect(trunk?.offered.get(keyOfSubscription(audioOf(it.bob)))).toMatchObject({ paused: true });
  });

  it('holds the floor for who keeps the key down, and gives a turn of a minute while others wait', () => {
    const it = linked('ash', 'birch');
    down(it, it.bob);
    it.mesh.pass(90_000, it.bob);
    expect(holders(it)).toEqual([it.bob]);
    down(it, it.ann);
    it.mesh.pass(59_000, it.bob, it.ann);
    expect(holders(it)).toEqual([it.bob]);
    it.mesh.pass(2_000, it.bob, it.ann);
    expect(holders(it)).toEqual([it.ann]);
    it.mesh.pass(3_000, it.bob, it.ann);
    expect(told(it, it.bob)).toMatchObject({ you: 'queued' });
  });

  it('takes the floor in less than 10 s from a holder that is dead', () => {
    const it = linked('ash', 'birch');
    down(it, it.bob);
    down(it, it.ann);
    it.mesh.pass(9_500, it.ann);
    expect(holders(it)).toEqual([it.ann]);
  });

  it('lets a moderator of either side take it', () => {
    const mo = benchClient('mo');
    const it = call('ash', 'birch');
    it.mesh.site('birch').clients.push(mo);
    it.mesh.site('birch').bench.join(mo);
    it.everybody.push(mo);
    it.mesh.openAll();
    listen(it);
    down(it, it.ann);
    down(it, it.bob);
    it.mesh.of(mo).bench.say(mo, { kind: 'floor_revoke', holder: deviceOf(it.bob) });
    it.mesh.settle();
    expect(holders(it), 'meant for somebody else').toEqual([it.ann]);
    it.mesh.of(mo).bench.say(mo, { kind: 'floor_revoke' });
    it.mesh.settle();
    expect(holders(it)).toEqual([it.bob]);
    it.mesh.pass(6_000, it.ann, it.bob);
    expect(told(it, it.ann), 'its key is still down').toMatchObject({ you: 'none' });
    it.mesh.of(mo).bench.say(mo, { kind: 'floor_revoke' });
    it.mesh.settle();
    expect(holders(it)).toEqual([]);
  });

  it('tells a client that its focus refuses, and lets it take none from others', () => {
    const it = linked('ash', 'birch');
    down(it, it.ann);
    const effects = it.mesh.of(it.bob).bench.say(it.bob, { kind: 'floor_revoke' });
    expect(errors(effects, it.bob)).toEqual([['WEIR_MAY_NOT_REVOKE', 'org.weir.floor_revoke']]);
    it.mesh.settle();
    expect(holders(it)).toEqual([it.ann]);
  });
});

describe('a trunk that opens', () => {
  it('between two calls leaves the floor to the holder on the first focus, and the other one waits', () => {
    const it = call('ash', 'birch');
    down(it, it.ann);
    down(it, it.bob);
    down(it, it.bea);
    it.mesh.openAll();
    listen(it);
    expect(holders(it)).toEqual([it.ann]);
    expect([told(it, it.bob), told(it, it.bea)]).toMatchObject([{ position: 1 }, { position: 2 }]);
    expect(heardBy(it, it.bea)).toEqual([ANN]);
  });

  it('between two calls gives it to the holder on the second one where it is free on the first', () => {
    const it = call('ash', 'birch');
    down(it, it.bob);
    it.mesh.openAll();
    listen(it);
    expect(arbiters(it)).toEqual(['ash']);
    expect(holders(it)).toEqual([it.bob]);
    expect(heardBy(it, it.ann)).toEqual([BOB]);
  });

  it('to a third focus changes nothing for who speaks', () => {
    const it = call('birch', 'cedar', 'ash');
    it.mesh.open('birch', 'cedar');
    it.mesh.settle();
    expect(arbiters(it)).toEqual(['birch', 'ash']);
    down(it, it.cy);
    it.mesh.open('ash', 'birch');
    it.mesh.open('ash', 'cedar');
    it.mesh.settle();
    listen(it);
    expect(arbiters(it)).toEqual(['ash']);
    expect(holders(it)).toEqual([it.cy]);
  });
});

describe('a trunk that is cut without a word', () => {
  it('takes the floor in less than 10 s from a holder behind it', () => {
    const it = linked('ash', 'birch');
    down(it, it.bob);
    down(it, it.ann);
    it.mesh.cut('ash', 'birch');
    it.mesh.pass(9_500, it.bob, it.ann);
    expect(told(it, it.ann)).toMatchObject({ you: 'holder' });
    expect(heardBy(it, it.abe)).toEqual([ANN]);
    expect(heardBy(it, it.bea), 'each side goes on by itself').toEqual([BOB]);
  });

  it('makes two of one call, and one again when it is back: nobody ever hears two', () => {
    const it = linked('ash', 'birch');
    down(it, it.bob);
    it.mesh.link('ash', 'birch', 'broken');
    for (let second = 0; second < 15; second += 1) {
      if (second === 8) down(it, it.ann);
      it.mesh.pass(1_000, it.bob, it.ann);
      if (second % 3 === 0) for (const one of [it.bob, ...(second > 8 ? [it.ann] : [])]) down(it, one);
      expect(heard(it).every(voices => voices.length <= 1)).toBe(true);
    }
    expect(holders(it).toSorted()).toEqual([it.ann, it.bob]);
    it.mesh.link('ash', 'birch', 'resumed');
    expect(arbiters(it)).toEqual(['ash']);
    expect(holders(it)).toEqual([it.ann]);
    expect(told(it, it.bob)).toMatchObject({ you: 'queued', position: 1 });
    expect(heard(it)).toEqual([[], [ANN], [ANN], [ANN]]);
  });

  it('and is back soon changes nothing', () => {
    const it = linked('ash', 'birch');
    down(it, it.bob);
    const before = it.mesh.of(it.ann).bench.effects.length;
    it.mesh.link('ash', 'birch', 'broken');
    it.mesh.pass(4_000, it.bob);
    it.mesh.link('ash', 'birch', 'resumed');
    it.mesh.pass(4_000, it.bob);
    expect(holders(it)).toEqual([it.bob]);
    expect(newsIn(it.mesh.of(it.ann).bench.effects.slice(before), it.ann, 'floor')).toEqual([]);
  });

  it('between two of three leaves the floor to the one that both hear', () => {
    const it = linked('ash', 'birch', 'cedar');
    down(it, it.cy);
    it.mesh.link('ash', 'cedar', 'broken');
    it.mesh.pass(9_000, it.cy);
    expect(arbiters(it)).toEqual(['birch']);
    expect(holders(it)).toEqual([it.cy]);
    down(it, it.ann);
    expect(told(it, it.ann)).toMatchObject({ you: 'queued', holder: deviceOf(it.cy) });
    up(it, it.cy);
    expect(holders(it)).toEqual([it.ann]);
    expect(heardBy(it, it.bea)).toEqual([ANN]);
    it.mesh.link('ash', 'cedar', 'resumed');
    it.mesh.pass(1_000, it.ann);
    expect(arbiters(it)).toEqual(['ash']);
    expect(holders(it)).toEqual([it.ann]);
    expect(heard(it).every(voices => voices.length <= 1)).toBe(true);
  });
});

describe('the focus that hands out the floor leaves', () => {
  it('and another one goes on with who speaks and who waits', () => {
    const it = linked('ash', 'birch', 'cedar');
    for (const client of [it.cy, it.ann, it.bob]) down(it, client);
    expect(told(it, it.bob)).toMatchObject({ position: 2 });
    for (const other of ['birch', 'cedar']) it.mesh.close('ash', other);
    expect(arbiters(it)).toEqual(['ash', 'birch']);
    expect([told(it, it.cy), told(it, it.bob)]).toMatchObject([{ you: 'holder' }, { you: 'queued', position: 1 }]);
    expect(heardBy(it, it.bea)).toEqual(['@cy:example.org']);
    it.mesh.pass(20_000, it.cy, it.bob);
    expect(told(it, it.cy)).toMatchObject({ you: 'holder' });
  });

  it('with who holds it, and the next one gets it', () => {
    const it = linked('ash', 'birch', 'cedar');
    for (const client of [it.ann, it.cy, it.bob]) down(it, client);
    for (const other of ['birch', 'cedar']) it.mesh.close('ash', other);
    expect([told(it, it.cy), told(it, it.bob)]).toMatchObject([{ you: 'holder' }, { you: 'queued', position: 1 }]);
  });
});

describe('another focus', () => {
  /** What the second focus says to the first one. */
  function says({ mesh }: Call, type: string, content: object): void {
    mesh.site('ash').hear('birch', JSON.stringify({ type: `org.weir.${type}`, content }));
  }

  function wire(client: BenchClient) {
    return { user_id: client.session.userId, device_id: client.session.deviceId };
  }

  it('claims the floor for nobody whom the room does not put on it, nor for who is here', () => {
    const it = linked('ash', 'birch');
    const eve = benchClient('eve');
    says(it, 'floor_across', { links: [], wanted_by: [wire(eve), wire(it.abe)] });
    expect(it.mesh.site('ash').bench.conference.floor?.holder).toBeUndefined();
    says(it, 'floor_across', { links: [], wanted_by: [wire(it.bob)] });
    expect(it.mesh.site('ash').bench.conference.floor?.holder?.by).toBe(keyOfDevice(it.bob.session));
  });

  it('says nothing that takes it away where it does not hand it out', () => {
    const it = linked('ash', 'birch');
    down(it, it.ann);
    says(it, 'floor_across', { links: [], wanted_by: [], decided: { holder: wire(it.bob), queue: [] } });
    expect(holders(it)).toEqual([it.ann]);
  });

  it('says of nobody here that it has a floor that it does not want', () => {
    const it = linked('ash', 'birch');
    const decided = { holder: wire(it.bob), queue: [wire(it.bea)] };
    const ash = { user_id: '@focus:ash.example', device_id: 'WEIR' };
    const birch = { user_id: '@focus:birch.example', device_id: 'WEIR' };
    it.mesh
      .site('birch')
      .hear(
        'ash',
        JSON.stringify({ type: 'org.weir.floor_across', content: { links: [birch, ash], wanted_by: [], decided } }),
      );
    expect(holders(it)).toEqual([]);
    expect(told(it, it.bea)).toMatchObject({ you: 'none', holder: undefined });
  });

  it('revokes for nobody who may not', () => {
    const it = linked('ash', 'birch');
    down(it, it.ann);
    for (const by of [it.bob, benchClient('mo'), it.abe])
      says(it, 'floor_revoke', { holder: wire(it.ann), by: wire(by) });
    expect(holders(it)).toEqual([it.ann]);
  });

  it('claims it no oftener than a client could', () => {
    const it = linked('ash', 'birch');
    const before = it.mesh.of(it.ann).bench.effects.length;
    for (let count = 0; count < 200; count += 1)
      says(it, 'floor_across', { links: [], wanted_by: count % 2 === 0 ? [wire(it.bob)] : [] });
    const news = newsIn(it.mesh.of(it.ann).bench.effects.slice(before), it.ann, 'floor');
    expect(news.length).toBeLessThanOrEqual(16);
  });
});

describe('what the room lets nobody publish', () => {
  const barred: Permissions = { ...WALKIE_TALKIE, publish: { audio: 0 } };

  it('is refused by the focus that hands out the floor, whatever the other one says', () => {
    const it = linked('ash', 'birch');
    const quiet = benchClient('quiet');
    const { bench, clients } = it.mesh.site('birch');
    clients.push(quiet);
    bench.join(quiet);
    const call = it.mesh.site('ash').ends.get('birch')?.call;
    if (call === undefined) throw new Error('there is a trunk');
    it.mesh.site('ash').bench.take({
      kind: 'speaks-for',
      call,
      devices: [it.bea, it.bob, quiet].map(({ session }) => session),
    });
    // The second focus has not heard of it yet.
    it.mesh.site('ash').bench.take({ kind: 'permissions-changed', permissions: barred });
    it.everybody.push(quiet);
    listen(it);
    down(it, quiet);
    expect(holders(it)).toEqual([]);
    expect(heardBy(it, it.ann)).toEqual([]);
    down(it, it.bob);
    expect(holders(it)).toEqual([it.bob]);
  });
});
