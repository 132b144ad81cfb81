import { describe, expect, it } from 'vitest';
import { readEmbedding } from './address.ts';

const QUERY = { widgetId: 'w', parentUrl: 'https://chat.example.org/app?x#y' };
const VARIABLES = { roomId: '!r:x', userId: '@a:x', deviceId: 'DEV', baseUrl: 'https://matrix.example.org' };
const query = (said: object): string => `?${new URLSearchParams({ embed: '', ...said })}`;
const fragment = (said: object): string => `#/call?${new URLSearchParams({ ...said })}`;

describe('the address of an embedded page', () => {
  it('is one that says `embed`', () => {
    expect(readEmbedding(fragment(VARIABLES), '')).toEqual({ kind: 'own' });
    expect(readEmbedding('', '?embed')).toMatchObject({ kind: 'incomplete' });
  });

  it('says whose host it is, and who we are, in query or fragment', () => {
    const embedding = {
      widgetId: 'w',
      hostOrigin: 'https://chat.example.org',
      roomId: '!r:x',
      userId: '@a:x',
      deviceId: 'DEV',
      homeserverUrl: 'https://matrix.example.org',
      theme: undefined,
    };
    expect(readEmbedding(fragment(VARIABLES), query(QUERY))).toEqual({ kind: 'embedded', embedding });
    expect(readEmbedding('', query({ ...QUERY, ...VARIABLES }))).toEqual({ kind: 'embedded', embedding });
    expect(readEmbedding(fragment({ ...QUERY, ...VARIABLES }), '?embed')).toEqual({ kind: 'embedded', embedding });
  });

  it.each([
    ['light', 'light'],
    ['dark-custom', 'dark'],
    ['$org.matrix.msc2873.client_theme', undefined],
    ['purple', undefined],
  ])('names a theme: %s', (theme, read) => {
    expect(readEmbedding(fragment({ ...VARIABLES, theme }), query(QUERY))).toMatchObject({
      embedding: { theme: read },
    });
  });

  it.each([
    ['roomId', '#alias:x'],
    ['roomId', '$matrix_room_id'],
    ['userId', 'a'],
    ['userId', `@${'a'.repeat(300)}`],
    ['deviceId', ''],
    ['deviceId', '$org.matrix.msc3819.matrix_device_id'],
    ['baseUrl', 'javascript:alert(1)'],
    ['baseUrl', 'matrix.example.org'],
    ['parentUrl', 'null'],
    ['parentUrl', 'data:text/html,x'],
    ['widgetId', 'a b'],
  ])('lacks %s where it is %s', (name, text) => {
    const said = { ...QUERY, ...VARIABLES, [name]: text };
    expect(readEmbedding('', query(said))).toEqual({ kind: 'incomplete', missing: [name] });
  });
});
