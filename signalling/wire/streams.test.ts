/** Extensions about streams: what is written is read again as the same, and what nobody should say is refused. */
import { describe, expect, test } from 'vitest';
import { type ControlMessage, MAX_SUBSCRIPTIONS, parseControl, writeControl } from './control.ts';
import { readStreamMetadata } from './description.ts';
import { MAX_ID_LENGTH, MAX_PIXELS } from './stream-metadata.ts';
import { MAX_LAST_N } from './wanted-track.ts';

const ids = { streamId: 'stream', trackId: 'track' };
const track = { stream_id: 'stream', track_id: 'track' };

function subscription(content: object): string {
  return JSON.stringify({ type: 'm.call.track_subscription', content });
}

function streams(kind: string, content: object): string {
  return JSON.stringify({ type: `org.weir.${kind}`, content });
}

function many<T>(count: number, one: T): T[] {
  return Array.from({ length: count }, () => one);
}

describe('what is written is read again', () => {
  test.each<[what: string, message: ControlMessage]>([
    ['a pinned track', { kind: 'subscription', subscribe: [{ ...ids, pinned: true }], unsubscribe: [] }],
    [
      'one that is pinned no more',
      { kind: 'subscription', subscribe: [{ ...ids, width: 1, height: 1, pinned: false }], unsubscribe: [] },
    ],
    [
      'a track and a copy of it',
      { kind: 'subscription', subscribe: [ids, { ...ids, width: 160, height: 90, variant: 'thumb' }], unsubscribe: [] },
    ],
    ['the end of a copy', { kind: 'subscription', subscribe: [], unsubscribe: [{ ...ids, variant: 'A_b-9' }] }],
    ['a track off the screen', { kind: 'subscription', subscribe: [{ ...ids, width: 0, height: 0 }], unsubscribe: [] }],
    ['auto', { kind: 'subscription', subscribe: [], unsubscribe: [], auto: { lastN: 9, width: 320, height: 180 } }],
    ['no more auto', { kind: 'subscription', subscribe: [], unsubscribe: [], auto: 'off' }],
    ['what to tell', { kind: 'subscription', subscribe: [], unsubscribe: [], tell: ['allocation', 'audio_levels'] }],
    ['to tell nothing', { kind: 'subscription', subscribe: [], unsubscribe: [], tell: [] }],
    [
      'an allocation',
      {
        kind: 'allocation',
        available: 1_234_567,
        state: 'DEFICIENT',
        tracks: [
          {
            ...ids,
            grant: { kind: 'layer', layer: 1 },
            layers: [
              { width: 320, height: 180, live: true },
              { width: 640, height: 360, live: false },
            ],
          },
          { streamId: 's+v', trackId: 't+v', grant: { kind: 'paused', reason: 'bandwidth' }, layers: [{ live: true }] },
          { streamId: 'h', trackId: 'h', grant: { kind: 'paused', reason: 'hidden' }, layers: [] },
          { streamId: 'o', trackId: 'o', grant: { kind: 'paused', reason: 'overload' }, layers: [] },
          { streamId: 'n', trackId: 'n', grant: { kind: 'paused', reason: 'no_layer' }, layers: [{ live: false }] },
        ],
      },
    ],
    ['an allocation without an estimate', { kind: 'allocation', available: undefined, state: 'STABLE', tracks: [] }],
    [
      'layers that are wanted, by their rids',
      {
        kind: 'layers_wanted',
        tracks: [
          {
            ...ids,
            layers: [
              { rid: 'q', active: true },
              { rid: 'f', active: false },
            ],
          },
        ],
      },
    ],
    [
      'layers that there are, by their place',
      { kind: 'layers_available', tracks: [{ ...ids, layers: [{ active: true }, { active: false }] }] },
    ],
    ['the speakers', { kind: 'speakers', latest: [ids, { streamId: 'b', trackId: 'b' }] }],
    ['no speakers', { kind: 'speakers', latest: [] }],
    ['the levels', { kind: 'audio_levels', levels: [{ ...ids, level: -31 }] }],
  ])('%s', (_what, message) => {
    expect(parseControl(writeControl(message))).toEqual({ kind: 'ok', value: message });
  });

  test('metadata of a copy', () => {
    const copy = { kind: 'video', 'org.weir.copy_of': { stream_id: 's', track_id: 't', variant: 'thumb' } };
    const metadata = { 's+thumb': { purpose: 'm.usermedia', tracks: { 't+thumb': copy } } };
    expect(readStreamMetadata(metadata)).toEqual({ kind: 'ok', value: metadata });
  });

  test('a pause for a reason that is not known yet is a pause', () => {
    const content = {
      state: 'DEFICIENT',
      tracks: [{ stream_id: 's', track_id: 't', paused: 'something new', layers: [] }],
    };
    expect(parseControl(JSON.stringify({ type: 'org.weir.allocation', content }))).toMatchObject({
      kind: 'ok',
      value: { tracks: [{ grant: { kind: 'paused', reason: 'no_layer' } }] },
    });
  });

  test('the estimate in whole bit/s', () => {
    const text = writeControl({ kind: 'allocation', available: 1_000.4, state: 'STABLE', tracks: [] });
    expect(JSON.parse(text)).toMatchObject({ content: { available_bitrate: 1_000 } });
  });
});

describe('subscriptions', () => {
  test.each<[what: string, content: object]>([
    ['a negative width', { subscribe: [{ ...track, width: -1, height: 90 }] }],
    ['a width beyond 1e9 px', { subscribe: [{ ...track, width: 1e9 + 1, height: 90 }] }],
    ['a width that is text', { subscribe: [{ ...track, width: '320', height: 180 }] }],
    ['a width that is null, as JSON writes NaN', { subscribe: [{ ...track, width: Number.NaN, height: 180 }] }],
    ['pinned as text', { subscribe: [{ ...track, 'org.weir.pinned': 'yes' }] }],
    ['an empty variant', { subscribe: [{ ...track, 'org.weir.variant': '' }] }],
    ['a long variant', { subscribe: [{ ...track, 'org.weir.variant': 'v'.repeat(33) }] }],
    ['a variant that reads as the end of one', { subscribe: [{ ...track, 'org.weir.variant': 'a+b' }] }],
    ['a variant with a line break', { subscribe: [{ ...track, 'org.weir.variant': 'a\nb' }] }],
    ['a variant with a line break at its end', { subscribe: [{ ...track, 'org.weir.variant': 'a\n' }] }],
    ['a variant that is null', { subscribe: [{ ...track, 'org.weir.variant': null }] }],
    ['a bad variant to unsubscribe', { unsubscribe: [{ ...track, 'org.weir.variant': ' ' }] }],
    ['more tracks than are read', { subscribe: many(MAX_SUBSCRIPTIONS + 1, track) }],
    ['more tracks to unsubscribe than are read', { unsubscribe: many(MAX_SUBSCRIPTIONS + 1, track) }],
    ['auto without a size', { 'org.weir.auto': { last_n: 9 } }],
    ['auto of a negative number', { 'org.weir.auto': { last_n: -1, width: 1, height: 1 } }],
    ['auto of half a speaker', { 'org.weir.auto': { last_n: 0.5, width: 1, height: 1 } }],
    ['auto of more than may be', { 'org.weir.auto': { last_n: MAX_LAST_N + 1, width: 1, height: 1 } }],
    ['auto at a negative size', { 'org.weir.auto': { last_n: 1, width: 1, height: -1 } }],
    ['auto as a switch', { 'org.weir.auto': false }],
    ['tell that is no list', { 'org.weir.tell': 'speakers' }],
    ['tell with something else in it', { 'org.weir.tell': [7] }],
    ['tell with too much in it', { 'org.weir.tell': many(17, 'speakers') }],
  ])('with %s are refused', (_what, content) => {
    expect(parseControl(subscription(content))).toMatchObject({ kind: 'bad', error: { code: 'WEIR_BAD_MESSAGE' } });
  });

  test.each(['NaN', 'Infinity', '-Infinity', '1e9999px'])('with a width of %s are no JSON', width => {
    const text = subscription({ subscribe: [{ ...track, width: 7 }] }).replace('7', width);
    expect(parseControl(text)).toMatchObject({ kind: 'bad' });
  });

  test('with a width of 1e9999, which JSON reads as Infinity, are refused', () => {
    const text = subscription({ subscribe: [{ ...track, width: 7 }] }).replace('7', '1e9999');
    expect(parseControl(text)).toMatchObject({ kind: 'bad' });
  });

  test('keep sizes in bounds, in auto too, and 0 stays 0', () => {
    const content = {
      subscribe: [
        { ...track, width: 1e9, height: 1e9 },
        { ...track, width: 0, height: 0.2 },
      ],
      'org.weir.auto': { last_n: 0, width: 1e9, height: 89.5 },
    };
    expect(parseControl(subscription(content))).toMatchObject({
      value: {
        subscribe: [
          { width: MAX_PIXELS, height: MAX_PIXELS },
          { width: 0, height: 1 },
        ],
        auto: { lastN: 0, width: MAX_PIXELS, height: 90 },
      },
    });
  });

  test('tell each thing once, and nothing that the focus does not know', () => {
    const content = { 'org.weir.tell': ['speakers', 'weather', '__proto__', 'speakers', 'toString'] };
    expect(parseControl(subscription(content))).toMatchObject({ value: { tell: ['speakers'] } });
  });

  test('take names of every object as plain ids and variants', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const content = { subscribe: [{ stream_id: name, track_id: name, 'org.weir.variant': name }] };
      expect(parseControl(subscription(content))).toMatchObject({
        value: { subscribe: [{ streamId: name, trackId: name, variant: name }] },
      });
    }
    expect({}).not.toHaveProperty('variant');
  });
});

describe('messages about layers', () => {
  const layers = many(3, { active: true });

  test.each<[what: string, content: object]>([
    ['no tracks', {}],
    ['tracks that are no list', { tracks: { 0: { ...track, layers } } }],
    ['a track without ids', { tracks: [{ layers }] }],
    ['an id longer than may be', { tracks: [{ ...track, track_id: 't'.repeat(MAX_ID_LENGTH + 1), layers }] }],
    ['no layers', { tracks: [track] }],
    ['a layer that is a switch', { tracks: [{ ...track, layers: [true] }] }],
    ['a layer neither on nor off', { tracks: [{ ...track, layers: [{ active: null }] }] }],
    ['a layer on as text', { tracks: [{ ...track, layers: [{ active: 'true' }] }] }],
    ['an empty rid', { tracks: [{ ...track, layers: [{ rid: '', active: true }] }] }],
    ['a rid that is a number', { tracks: [{ ...track, layers: [{ rid: 0, active: true }] }] }],
    ['nine layers', { tracks: [{ ...track, layers: many(9, { active: true }) }] }],
    ['more tracks than a participant may have', { tracks: many(257, { ...track, layers }) }],
  ])('with %s are refused', (_what, content) => {
    for (const kind of ['layers_wanted', 'layers_available'])
      expect(parseControl(streams(kind, content))).toMatchObject({ kind: 'bad', error: { code: 'WEIR_BAD_MESSAGE' } });
  });

  test('may name no track, and a track of no layers', () => {
    for (const kind of ['layers_wanted', 'layers_available']) {
      expect(parseControl(streams(kind, { tracks: [] }))).toEqual({ kind: 'ok', value: { kind, tracks: [] } });
      expect(parseControl(streams(kind, { tracks: [{ ...track, layers: [] }] }))).toMatchObject({ kind: 'ok' });
    }
  });
});

describe('what the focus says', () => {
  const granted = { ...track, layer: 0, layers: [] };

  test.each<[kind: string, what: string, content: object]>([
    ['allocation', 'no state', { tracks: [] }],
    ['allocation', 'a state that there is not', { state: 'FINE', tracks: [] }],
    ['allocation', 'no tracks', { state: 'STABLE' }],
    ['allocation', 'a negative bitrate', { state: 'STABLE', tracks: [], available_bitrate: -1 }],
    ['allocation', 'a bitrate as text', { state: 'STABLE', tracks: [], available_bitrate: '1' }],
    ['allocation', 'a negative layer', { state: 'STABLE', tracks: [{ ...granted, layer: -1 }] }],
    ['allocation', 'half a layer', { state: 'STABLE', tracks: [{ ...granted, layer: 0.5 }] }],
    ['allocation', 'a pause for no known reason', { state: 'STABLE', tracks: [{ ...granted, paused: 'mood' }] }],
    ['allocation', 'a layer that may or may not live', { state: 'STABLE', tracks: [{ ...granted, layers: [{}] }] }],
    ['speakers', 'nobody at all', {}],
    ['speakers', 'a speaker without ids', { latest: [{}] }],
    ['audio_levels', 'a level above 0 dBov', { levels: [{ ...track, level: 1 }] }],
    ['audio_levels', 'a level below -127 dBov', { levels: [{ ...track, level: -128 }] }],
    ['audio_levels', 'no level', { levels: [track] }],
  ])('%s with %s is refused', (kind, _what, content) => {
    expect(parseControl(streams(kind, content))).toMatchObject({ kind: 'bad', error: { code: 'WEIR_BAD_MESSAGE' } });
  });

  test('of other things is no control message', () => {
    for (const kind of ['', 'layers', '__proto__', 'toString'])
      expect(parseControl(streams(kind, {}))).toMatchObject({ kind: 'bad' });
  });
});
