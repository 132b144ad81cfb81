import { describe, expect, it } from 'vitest';
import type { WitnessedFrame } from './page-encryption.ts';
import { Witnesses } from './witness.ts';

const [ALICE, BOB, CAROL] = ['["@alice:x","A"]', '["@bob:x","B"]', '["@carol:x","C"]'] as const;
const SENT: WitnessedFrame = {
  direction: 'sent',
  kind: 'video',
  from: ALICE,
  keyId: '257',
  counter: '7',
  digest: 'd1',
  at: 1_000,
};
const RECEIVED: WitnessedFrame = { ...SENT, direction: 'received' };

function witnesses(...told: [string, WitnessedFrame[]][]): Witnesses {
  const all = new Witnesses();
  for (const [at, frames] of told) all.add(at, frames);
  return all;
}

describe('frames', () => {
  it('are identical where each is the one that was sent, whoever tells first, and how many receive it', () => {
    const all = witnesses([BOB, [RECEIVED]], [ALICE, [SENT]], [CAROL, [RECEIVED]]);
    expect(all.identical()).toEqual({ received: 2, identical: 2, different: [] });
  });

  it.each<[string, Partial<WitnessedFrame>]>([
    ['another content', { digest: 'd2' }],
    ['another counter', { counter: '8' }],
    ['another key', { keyId: '258' }],
    ['another sender', { from: CAROL }],
  ])('with %s are not', (_, change) => {
    const { received, identical, different } = witnesses(
      [ALICE, [SENT]],
      [BOB, [{ ...RECEIVED, ...change }]],
    ).identical();
    expect([received, identical, different.length]).toEqual([1, 0, 1]);
  });

  it('of somebody who came back may have numbers that were there before', () => {
    const again = { ...SENT, digest: 'd2' };
    const all = witnesses([ALICE, [SENT, again]], [BOB, [RECEIVED, { ...again, direction: 'received' }]]);
    expect(all.identical()).toMatchObject({ received: 2, identical: 2 });
    expect(all.sentDigests).toEqual(new Set(['d1', 'd2']));
  });

  it('that are different are told of in a few sentences', () => {
    const all = witnesses([BOB, Array.from({ length: 50 }, (_, index) => ({ ...RECEIVED, counter: `${index}` }))]);
    expect(all.identical().different).toHaveLength(5);
  });
});

it('a pair decrypts where voice and picture came, of this sender and at this page', () => {
  const all = witnesses([BOB, [RECEIVED]], [CAROL, [{ ...RECEIVED, kind: 'audio' }]], [ALICE, [SENT]]);
  expect(all.decrypts(BOB, ALICE)).toBe(false);
  all.add(BOB, [{ ...RECEIVED, kind: 'audio' }]);
  expect([all.decrypts(BOB, ALICE), all.decrypts(CAROL, ALICE), all.decrypts(BOB, CAROL)]).toEqual([
    true,
    false,
    false,
  ]);
});

it('the latest generation is that of a frame that somebody received', () => {
  const all = witnesses([ALICE, [{ ...SENT, keyId: '1024' }]]);
  expect(all.latestGeneration(ALICE)).toBeUndefined();
  all.add(BOB, [{ ...RECEIVED, keyId: '512' }, RECEIVED]);
  expect([all.latestGeneration(ALICE), all.latestGeneration(BOB)]).toEqual([2, undefined]);
});

it('a later generation is received when the first of all receives a frame with it', () => {
  const all = witnesses([BOB, [RECEIVED]]);
  expect(all.receivedLaterThan(1, ALICE)).toBeUndefined();
  all.add(BOB, [{ ...RECEIVED, keyId: '512', at: 1_700 }]);
  all.add(CAROL, [
    { ...RECEIVED, keyId: '512', at: 1_500 },
    { ...RECEIVED, keyId: '768', at: 1_600 },
  ]);
  expect([all.receivedLaterThan(1, ALICE), all.receivedLaterThan(2, ALICE), all.receivedLaterThan(1, BOB)]).toEqual([
    1_500,
    1_600,
    undefined,
  ]);
});
