/** The floor on the wire: what is written is read again as the same. */
import { describe, expect, it, test } from 'vitest';
import { type ControlMessage, parseControl, writeControl } from './control.ts';

const holder = { userId: '@ana:example.org', deviceId: 'ANADEV' };

describe('what is written is read again', () => {
  test.each<ControlMessage>([
    { kind: 'floor_request' },
    { kind: 'floor_release' },
    { kind: 'floor_revoke' },
    { kind: 'floor_revoke', holder },
    { kind: 'floor_revoke', holder, by: { userId: '@mo:example.org', deviceId: 'MODEV' } },
    { kind: 'floor', holder: undefined, you: 'none' },
    { kind: 'floor', holder, you: 'holder', until: 1_795_400_852_840 },
    { kind: 'floor', holder, you: 'queued', position: 2, until: 1_795_400_852_840 },
    { kind: 'floor_across', links: [], wantedBy: [], decided: undefined },
    { kind: 'floor_across', links: [holder], wantedBy: [holder], decided: { holder: undefined, queue: [] } },
    { kind: 'floor_across', links: [], wantedBy: [], decided: { holder, queue: [holder], until: 1_795_400_852_840 } },
  ])('%j', message => {
    expect(parseControl(writeControl(message))).toEqual({ kind: 'ok', value: message });
  });
});

it('says null where nobody holds it', () => {
  expect(JSON.parse(writeControl({ kind: 'floor', holder: undefined, you: 'none' }))).toEqual({
    type: 'org.weir.floor',
    content: { holder: null, you: 'none' },
  });
});

test.each([
  ['floor', {}],
  ['floor', { holder: null, you: 'nobody' }],
  ['floor', { holder: { user_id: '@ana:example.org' }, you: 'none' }],
  ['floor', { holder: null, you: 'queued', position: 0 }],
  ['floor_revoke', { holder: 'ana' }],
  ['floor_revoke', { by: 'ana' }],
  ['floor_across', {}],
  ['floor_across', { links: [], wanted_by: ['ana'] }],
  ['floor_across', { links: [], wanted_by: Array(129).fill({ user_id: 'a', device_id: 'b' }) }],
  ['floor_across', { links: Array(65).fill({ user_id: 'a', device_id: 'b' }), wanted_by: [] }],
  ['floor_across', { links: [], wanted_by: [], decided: { queue: [] } }],
  ['floor_across', { links: [], wanted_by: [], decided: { holder: null, queue: [], until: -1 } }],
  ['floor_revoke', { holder: null }],
])('refuses org.weir.%s %j', (kind, content) => {
  expect(parseControl(JSON.stringify({ type: `org.weir.${kind}`, content }))).toMatchObject({
    kind: 'bad',
    error: { code: 'WEIR_BAD_MESSAGE' },
  });
});
