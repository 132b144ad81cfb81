/** Single messages with which clients have broken foci, or could. */
import { describe, expect, test } from 'vitest';
import { MAX_CONTROL_MESSAGE_BYTES, MAX_SUBSCRIPTIONS, parseControl, writeControl } from './control.ts';
import { announcesTooMuch, MAX_SDP_LENGTH, readStreamMetadata } from './description.ts';
import { ERRORS, type ErrorCode, hangupReason, WeirError } from './errors.ts';
import { parseCallMemberState, parseCallState } from './room-state.ts';
import { MAX_PIXELS } from './stream-metadata.ts';
import { addressOf, parseFocusToDevice, parseToDevice, writeHangup } from './to-device.ts';

const address = { call_id: 'c', conf_id: 'f', device_id: 'D', sender_session_id: 's' };
const invite = { ...address, lifetime: 60_000, offer: { type: 'offer', sdp: 'v=0\r\n' } };
const parseInvite = (content: unknown) => parseToDevice('m.call.invite', '@a:x', content);

function changed(metadata: unknown): string {
  return JSON.stringify({ type: 'm.call.sdp_stream_metadata_changed', content: { sdp_stream_metadata: metadata } });
}

describe('invites', () => {
  test.each([
    ['no content', undefined],
    ['null', null],
    ['text', 'invite'],
    ['a list', []],
    ['no address', { offer: invite.offer }],
    ['no offer', { ...address }],
    ['an answer as the offer', { ...invite, offer: { type: 'answer', sdp: 'v=0\r\n' } }],
    ['an empty offer', { ...invite, offer: { type: 'offer', sdp: '' } }],
    ['an offer that is no text', { ...invite, offer: { type: 'offer', sdp: { toString: 'x' } } }],
    ['an offer longer than is read', { ...invite, offer: { type: 'offer', sdp: 'x'.repeat(MAX_SDP_LENGTH + 1) } }],
    ['an empty call id', { ...invite, call_id: '' }],
    ['a call id longer than Matrix allows', { ...invite, call_id: 'c'.repeat(256) }],
    ['a device id that is a number', { ...invite, device_id: 7 }],
    ['a negative lifetime', { ...invite, lifetime: -1 }],
    ['metadata that is a list', { ...invite, 'org.matrix.msc3077.sdp_stream_metadata': [] }],
    ['a room id that is no text', { ...invite, 'org.weir.room_id': {} }],
  ])('with %s are refused', (_what, content) => {
    expect(parseInvite(content)).toMatchObject({ kind: 'bad', error: { code: 'WEIR_BAD_MESSAGE' } });
  });

  test('may leave out lifetime and metadata, and may name the room', () => {
    const { lifetime: _lifetime, ...short } = invite;
    expect(parseInvite({ ...short, 'org.weir.room_id': '!r:x' })).toEqual({
      kind: 'ok',
      value: {
        kind: 'invite',
        from: { sender: '@a:x', deviceId: 'D', sessionId: 's', callId: 'c', confId: 'f' },
        sdp: 'v=0\r\n',
        metadata: {},
        lifetimeMs: 60_000,
        roomId: '!r:x',
      },
    });
  });

  test('take the stable name of the metadata, too', () => {
    const metadata = { st: { purpose: 'm.usermedia' } };
    expect(parseInvite({ ...invite, sdp_stream_metadata: metadata })).toMatchObject({ value: { metadata } });
  });

  test('that are broken still tell whom to answer, where they can', () => {
    expect(addressOf('@a:x', { ...address, offer: 7 })).toEqual({
      sender: '@a:x',
      deviceId: 'D',
      sessionId: 's',
      callId: 'c',
      confId: 'f',
    });
    expect(addressOf('@a:x', { ...address, conf_id: 7 })).toBeUndefined();
    expect(addressOf('@a:x', null)).toBeUndefined();
  });
});

describe('to-device types', () => {
  test('of others are none of ours', () => {
    expect(parseToDevice('m.room.encrypted', '@a:x', {})).toBeUndefined();
    expect(parseToDevice('m.room_key', '@a:x', null)).toBeUndefined();
    expect(parseFocusToDevice('m.call.invite', {})).toBeUndefined();
  });

  test('of a call that a focus does not know are bad messages', () => {
    expect(parseToDevice('m.call.replaces', '@a:x', address)).toMatchObject({ kind: 'bad' });
  });

  test.each(['m.call.sdp_stream_metadata_changed', 'org.matrix.call.sdp_stream_metadata_changed'])('%s', type => {
    const metadata = { st: { purpose: 'm.usermedia', audio_muted: true } };
    expect(parseToDevice(type, '@a:x', { ...address, sdp_stream_metadata: metadata })).toMatchObject({
      value: { kind: 'metadata_changed', metadata },
    });
  });
});

describe('stream metadata', () => {
  test('leaves out keys without a meaning, however deep they are', () => {
    // Within the bound on a message, and deep enough that JSON.stringify throws on it.
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const tracks = { t: { kind: 'audio', extra: 1 } };
    const parsed = parseControl(
      changed({ st: { purpose: 'm.usermedia', extra: 2, tracks } }).replace('"extra":2', `"extra":${deep}`),
    );
    expect(parsed).toEqual({
      kind: 'ok',
      value: {
        kind: 'metadata_changed',
        metadata: { st: { purpose: 'm.usermedia', tracks: { t: { kind: 'audio' } } } },
      },
    });
  });

  test('keeps how a stream is encrypted, and why it is refused', () => {
    const metadata = {
      st: { purpose: 'm.usermedia', 'org.weir.encryption': 'sframe' },
      clear: { purpose: 'm.usermedia', 'org.weir.refused': 'WEIR_CLEAR_MEDIA' },
    };
    const changes = { kind: 'streams_changed' as const, changed: metadata, gone: [] };
    expect(readStreamMetadata(metadata)).toEqual({ kind: 'ok', value: metadata });
    expect(parseControl(writeControl(changes))).toEqual({ kind: 'ok', value: changes });
  });

  test('refuses __proto__ as an id, and changes no prototype', () => {
    const own = JSON.parse('{"__proto__": {"purpose": "m.usermedia"}}') as unknown;
    expect(readStreamMetadata(own)).toMatchObject({ kind: 'bad' });
    const track = JSON.parse(
      '{"st": {"purpose": "m.usermedia", "tracks": {"__proto__": {"kind": "audio"}}}}',
    ) as unknown;
    expect(readStreamMetadata(track)).toMatchObject({ kind: 'bad' });
    expect({}).not.toHaveProperty('purpose');
  });

  test('takes names of every object as plain ids', () => {
    for (const id of ['constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
      const parsed = readStreamMetadata({ [id]: { purpose: 'm.usermedia', tracks: { [id]: { kind: 'video' } } } });
      expect(parsed).toEqual({
        kind: 'ok',
        value: { [id]: { purpose: 'm.usermedia', tracks: { [id]: { kind: 'video' } } } },
      });
    }
  });

  test.each([
    ['an empty stream id', { '': { purpose: 'p' } }],
    ['a long stream id', { ['s'.repeat(256)]: { purpose: 'p' } }],
    ['an empty track id', { st: { purpose: 'p', tracks: { '': {} } } }],
    ['no purpose', { st: {} }],
    ['a kind that there is not', { st: { purpose: 'p', tracks: { t: { kind: 'text' } } } }],
    ['a width beyond every screen', { st: { purpose: 'p', tracks: { t: { kind: 'video', width: MAX_PIXELS + 1 } } } }],
    ['a stream that is null', { st: null }],
    ['encryption without a name', { st: { purpose: 'p', 'org.weir.encryption': '' } }],
    ['a frame format of a long name', { st: { purpose: 'p', 'org.weir.encryption': 'f'.repeat(65) } }],
    ['encryption that is no text', { st: { purpose: 'p', 'org.weir.encryption': true } }],
    [
      'too many tracks',
      { st: { purpose: 'p', tracks: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, {}])) } },
    ],
  ])('refuses %s', (_what, metadata) => {
    expect(readStreamMetadata(metadata)).toMatchObject({ kind: 'bad' });
  });

  test('tells when one participant announces too much', () => {
    const streams = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`s${i}`, { purpose: 'p' }]));
    expect(announcesTooMuch(streams(16))).toBe(false);
    expect(announcesTooMuch(streams(17))).toBe(true);
  });

  test('names no key of the sender at length in its error', () => {
    const parsed = parseControl(changed({ ['k'.repeat(100_000)]: { purpose: 7 } }));
    expect(parsed.kind === 'bad' ? parsed.error.message.length : Infinity).toBeLessThan(1_000);
  });
});

describe('control messages', () => {
  test.each([
    ['no JSON', '{'],
    ['no object', '"m.call.ping"'],
    ['no content', '{"type":"m.call.ping"}'],
    ['content that is a list', '{"type":"m.call.ping","content":[]}'],
    ['a type that there is not', '{"type":"m.call.dance","content":{}}'],
    ['a type that is no text', '{"type":["m.call.ping"],"content":{}}'],
    [
      'more than is read',
      JSON.stringify({ type: 'm.call.ping', content: { x: 'x'.repeat(MAX_CONTROL_MESSAGE_BYTES) } }),
    ],
    [
      'too many subscriptions',
      JSON.stringify({
        type: 'm.call.track_subscription',
        content: {
          subscribe: Array.from({ length: MAX_SUBSCRIPTIONS + 1 }, () => ({ stream_id: 's', track_id: 't' })),
        },
      }),
    ],
    ['a rollback', '{"type":"m.call.negotiate","content":{"description":{"type":"rollback","sdp":"x"}}}'],
  ])('with %s are refused', (_what, text) => {
    expect(parseControl(text)).toMatchObject({ kind: 'bad', error: { code: 'WEIR_BAD_MESSAGE' } });
  });

  test('round fractions of a px up and keep sizes in bounds', () => {
    const subscribe = [{ stream_id: 's', track_id: 't', width: 639.2, height: 900_000 }];
    expect(parseControl(JSON.stringify({ type: 'm.call.track_subscription', content: { subscribe } }))).toEqual({
      kind: 'ok',
      value: {
        kind: 'subscription',
        subscribe: [{ streamId: 's', trackId: 't', width: 640, height: MAX_PIXELS }],
        unsubscribe: [],
      },
    });
  });

  test('keep "as before" and "no streams" apart', () => {
    const description = { type: 'offer', sdp: 'v=0\r\n' } as const;
    for (const metadata of [undefined, {}]) {
      const text = writeControl({ kind: 'negotiate', description, metadata });
      expect(parseControl(text)).toEqual({ kind: 'ok', value: { kind: 'negotiate', description, metadata } });
    }
  });
});

describe('member events', () => {
  const sender = '@alice:example.org';
  const member = {
    'm.calls': [{ 'm.call_id': 'f', 'm.devices': [{ device_id: 'D', session_id: 's', expires_ts: 5 }] }],
  };

  // As clients of MatrixRTC write them.
  test.each([
    [
      '_@alice:example.org_DEVICEID_m.call',
      {
        application: 'm.call',
        call_id: '',
        scope: 'm.room',
        device_id: 'DEVICEID',
        expires: 14_400_000,
        'm.call.intent': 'video',
        focus_active: { type: 'livekit', focus_selection: 'oldest_membership' },
        foci_preferred: [
          { type: 'livekit', livekit_service_url: 'https://rtc.example.org', livekit_alias: '!room:example.org' },
        ],
      },
    ],
    ['_@alice:example.org_DEVICEID_m.call', {}],
    ['_@alice:example.org_DEVICEID', { application: 'm.call', device_id: 'DEVICEID', leave_reason: 'lost_connection' }],
    [
      sender,
      {
        memberships: [
          {
            application: 'm.call',
            call_id: '',
            device_id: 'DEVICEID',
            expires: 3_600_000,
            foci_active: [{ type: 'livekit' }],
          },
        ],
      },
    ],
  ])('of MatrixRTC under %s are the quiet kind', (stateKey, content) => {
    expect(parseCallMemberState(stateKey, sender, content)).toEqual({ kind: 'ok', value: { kind: 'matrixrtc' } });
  });

  test('are believed only under the key of their sender', () => {
    expect(parseCallMemberState('_@alice:example.org_D_m.call', '@mallory:example.org', member)).toMatchObject({
      kind: 'bad',
    });
    expect(parseCallMemberState(sender, '@mallory:example.org', member)).toMatchObject({ kind: 'bad' });
    expect(parseCallMemberState(sender, sender, member)).toMatchObject({ value: { kind: 'msc3401', userId: sender } });
  });

  test('that were emptied put the user in no call', () => {
    for (const content of [{}, { 'm.calls': [] }]) {
      expect(parseCallMemberState(sender, sender, content)).toEqual({
        kind: 'ok',
        value: { kind: 'msc3401', userId: sender, devices: [] },
      });
    }
  });

  test('keep their devices when only the foci are broken', () => {
    const content = {
      'm.calls': [
        { 'm.call_id': 'f', 'm.devices': [{ device_id: 'D', session_id: 's', 'm.foci.active': [{ user_id: 7 }] }] },
      ],
    };
    expect(parseCallMemberState(sender, sender, content)).toMatchObject({
      value: { devices: [{ deviceId: 'D', foci: { active: [], preferred: [] } }] },
    });
  });

  test.each([
    [null],
    ['x'],
    [[]],
    [{ 'm.calls': {} }],
    [{ 'm.calls': [null] }],
    [{ 'm.calls': [{ 'm.call_id': 'f' }] }],
  ])('refuses %j', content => {
    expect(parseCallMemberState(sender, sender, content)).toMatchObject({ kind: 'bad' });
  });
});

test('a call ends by m.terminated and by being emptied', () => {
  expect(parseCallState('f', { 'm.terminated': 'call_ended' })).toMatchObject({ value: { terminated: 'call_ended' } });
  expect(parseCallState('f', {})).toMatchObject({ value: { terminated: 'removed' } });
  expect(parseCallState('f', { 'm.intent': 'm.room' })).toMatchObject({ value: { terminated: undefined } });
  expect(parseCallState('', { 'm.intent': 'm.room' })).toMatchObject({ kind: 'bad' });
});

test('a hangup tells when to come again, where that is known', () => {
  const to = { userId: '@a:x', deviceId: 'D', sessionId: 's', callId: 'c', confId: 'conf' };
  const hangup = (retryAfterMs: number): unknown => {
    const error = new WeirError('WEIR_OVERLOADED', 'full', { retryAfterMs });
    const { type, content } = writeHangup({ userId: '@f:x', deviceId: 'F' }, to, error);
    const parsed = parseFocusToDevice(type, content);
    return parsed?.kind === 'ok' && parsed.value.kind === 'hangup' ? parsed.value : undefined;
  };
  expect(hangup(10_000)).toMatchObject({ error: { code: 'WEIR_OVERLOADED', retry_after_ms: 10_000 } });
});

test('every code has a reason that a client knows, and its hangup is read again', () => {
  const focus = { userId: '@focus:x', deviceId: 'F' };
  const to = { userId: '@a:x', deviceId: 'D', sessionId: 's', callId: 'c', confId: 'f' };
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const { type, content } = writeHangup(focus, to, new WeirError(code, 'why'));
    expect(parseFocusToDevice(type, content)).toEqual({
      kind: 'ok',
      value: {
        kind: 'hangup',
        callId: 'c',
        destSessionId: 's',
        reason: hangupReason(code),
        error: { code, message: 'why', remedy: ERRORS[code].remedy },
      },
    });
  }
});
