import { describe, expect, it } from 'vitest';
import { camera, screen } from './fixtures/wants.ts';
import { inOrder } from './order.ts';
import type { VideoWant } from './wants.ts';

function order(...wants: VideoWant[]): string {
  return inOrder(wants)
    .map(({ want, rank }) => `${want.key}:${rank}`)
    .join(' ');
}

describe('the order of videos', () => {
  it.each<[what: string, wants: VideoWant[], order: string]>([
    ['pinned before screens', [screen('s'), camera('p', { pinned: true })], 'p:pinned s:screen'],
    [
      'a pinned screen before a pinned camera',
      [camera('p', { pinned: true }), screen('s', { pinned: true })],
      's:pinned p:pinned',
    ],
    ['screens before the speaker', [camera('a', { speaking: 0 }), screen('s')], 's:screen a:speaker'],
    [
      'who spoke last first',
      [camera('a', { speaking: 3 }), camera('b', { speaking: 1 }), camera('c')],
      'b:speaker a:other c:other',
    ],
    ['larger ones before smaller ones', [camera('a', { area: 1 }), camera('b', { area: 2 })], 'b:other a:other'],
    ['by key where all is equal', [camera('b'), camera('a')], 'a:other b:other'],
    [
      'the speaker is one who is drawn',
      [camera('a', { speaking: 0, visible: false }), camera('b', { speaking: 1 })],
      'a:other b:speaker',
    ],
    [
      'a pinned speaker leaves its rank to the one before',
      [camera('a', { speaking: 0, pinned: true }), camera('b', { speaking: 1 })],
      'a:pinned b:speaker',
    ],
    ['no numbers come last', [camera('a', { area: Number.NaN, speaking: Number.NaN }), camera('b')], 'b:other a:other'],
  ])('%s', (_what, wants, expected) => {
    expect(order(...wants)).toBe(expected);
    expect(order(...wants.toReversed())).toBe(expected);
  });
});
