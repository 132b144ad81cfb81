import { describe, expect, test } from 'vitest';
import { parseControl, writeControl } from './control.ts';
import type { StreamMetadata } from './stream-metadata.ts';
import { afterChange } from './streams-changed.ts';
import { parseToDevice } from './to-device.ts';

const CAMERA = { purpose: 'm.usermedia', tracks: { v: { kind: 'video' as const } } };
const COPY = {
  purpose: 'm.usermedia',
  tracks: { 'v+thumb': { 'org.weir.copy_of': { stream_id: 'a', track_id: 'v', variant: 'thumb' } } },
};
const BEFORE: StreamMetadata = { a: CAMERA, b: CAMERA, 'a+thumb': COPY };

describe('the streams after a change', () => {
  test('are those before, with what is new or not as it was', () => {
    const muted = { ...CAMERA, video_muted: true };
    expect(afterChange(BEFORE, { changed: { b: muted, c: CAMERA }, gone: [] })).toEqual({
      ...BEFORE,
      b: muted,
      c: CAMERA,
    });
  });

  test('have no more what is gone, nor copies of it', () => {
    expect(afterChange(BEFORE, { changed: {}, gone: ['a', 'never-there'] })).toEqual({ b: CAMERA });
  });

  test('have those copies of what changed that came with it', () => {
    expect(afterChange(BEFORE, { changed: { a: CAMERA }, gone: [] })).toEqual({ a: CAMERA, b: CAMERA });
    expect(afterChange(BEFORE, { changed: { a: CAMERA, 'a+thumb': COPY }, gone: [] })).toEqual(BEFORE);
  });
});

describe('org.weir.streams_changed', () => {
  test('is read as it was written', () => {
    const message = { kind: 'streams_changed' as const, changed: { a: CAMERA }, gone: ['b'] };
    expect(parseControl(writeControl(message))).toEqual({ kind: 'ok', value: message });
  });

  test.each([
    ['no streams', { gone: [] }],
    ['no list of what is gone', { changed: {} }],
    ['an id that is none', { changed: {}, gone: [''] }],
    ['__proto__', JSON.parse('{"changed":{"__proto__":{"purpose":"p"}},"gone":[]}') as object],
  ])('with %s is refused', (_, content) => {
    expect(parseControl(JSON.stringify({ type: 'org.weir.streams_changed', content }))).toMatchObject({
      kind: 'bad',
      error: { code: 'WEIR_BAD_MESSAGE' },
    });
  });

  test('is asked for in an invite', () => {
    const invite = (capabilities: object): unknown =>
      parseToDevice('m.call.invite', '@alice:x', {
        call_id: 'c',
        conf_id: 'f',
        device_id: 'd',
        sender_session_id: 's',
        offer: { type: 'offer', sdp: 'v=0' },
        capabilities,
      });
    expect(invite({ 'org.weir.streams_changed': true })).toMatchObject({ value: { takesChanges: true } });
    expect(invite({ 'org.weir.streams_changed': false })).not.toHaveProperty('value.takesChanges');
    expect(invite({})).not.toHaveProperty('value.takesChanges');
  });
});
