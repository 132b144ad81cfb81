import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClientToClient, parseClientToClient, writeClientToClient } from './media-keys.ts';
import { MEDIA_KEY_REQUEST_TYPE, MEDIA_KEY_TYPE } from './names.ts';

const KEY = {
  room_id: '!room:example.org',
  conf_id: 'conf',
  device_id: 'DEV',
  format: 'sframe',
  suite: 5,
  stay: 'stay',
  since: 1_795_400_853_125,
  generation: 2,
  step: 3,
  key: 'AAEC',
};

const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
const from = { roomId: id, confId: id, deviceId: id };
const keyMessage = fc.record(
  {
    kind: fc.constant('media_key' as const),
    ...from,
    format: id,
    suite: fc.nat(65_535),
    stay: id,
    since: fc.maxSafeNat(),
    generation: fc.maxSafeNat(),
    step: fc.maxSafeNat(),
    key: fc.base64String({ minLength: 4, maxLength: 512 }).map(text => text.replaceAll('=', '')),
  },
  { requiredKeys: ['kind', 'roomId', 'confId', 'deviceId', 'format', 'stay', 'since', 'generation', 'step', 'key'] },
);
const request = fc.record({ kind: fc.constant('media_key_request' as const), ...from });

describe('what clients say to each other of keys', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.oneof<fc.Arbitrary<ClientToClient>[]>(keyMessage, request), message => {
        const { type, content } = writeClientToClient(message);
        const overTheWire: unknown = JSON.parse(JSON.stringify(content));
        expect(parseClientToClient(type, overTheWire)).toEqual({ kind: 'ok', value: message });
      }),
    );
  });

  it('is nothing of another type', () => {
    expect(parseClientToClient('m.call.invite', KEY)).toBeUndefined();
  });

  it.each<[keyof typeof KEY, unknown]>([
    ['room_id', ''],
    ['conf_id', 'x'.repeat(256)],
    ['device_id', 7],
    ['format', null],
    ['suite', 65_536],
    ['suite', '5'],
    ['stay', undefined],
    ['since', -1],
    ['since', 1.5],
    ['generation', 2 ** 53],
    ['step', '3'],
    ['step', 1e308],
    ['key', 'AA=='],
    ['key', 'A-_A'],
    ['key', ''],
    ['key', 'A'.repeat(513)],
    ['key', ['AAEC']],
  ])('is refused where %s is %j; the reason names no value', (name, value) => {
    const parsed = parseClientToClient(MEDIA_KEY_TYPE, { ...KEY, [name]: value });
    if (parsed?.kind !== 'bad') throw new Error('it was read');
    expect(parsed.error.code).toBe('WEIR_BAD_MESSAGE');
    expect(parsed.error.message).not.toContain(KEY.key);
  });

  it.each([MEDIA_KEY_TYPE, MEDIA_KEY_REQUEST_TYPE])('throws nothing as %s, whatever it is', type => {
    fc.assert(
      fc.property(fc.anything(), content => {
        expect(parseClientToClient(type, content)?.kind).toBe('bad');
      }),
    );
  });
});
