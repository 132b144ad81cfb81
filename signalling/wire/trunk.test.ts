import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_TRUNK_FRAME_LENGTH,
  parseTrunkFrame,
  parseTrunkHello,
  type TrunkFrame,
  TRUNK_HELLO,
  writeTrunkFrame,
  writeTrunkHello,
} from './trunk.ts';

// The same cases in each run: what fails here fails again.
fc.configureGlobal({ seed: 20_261_129 });

const HELLO = {
  from: { userId: '@focus:one.example', deviceId: 'WEIR' },
  roomId: '!room:one',
  confId: 'conf',
  versions: [1, 2],
  epoch: 'nHn3nWYBYV5Y4XtY0Vr-tA',
  publicKey: 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo',
  url: 'wss://one.example/v1/trunk',
  answers: ['fT4bPqO0p6iVd0Zt1cXx9Q'],
};

describe('a hello', () => {
  it('is read as it was written', () => {
    const { type, content } = writeTrunkHello(HELLO);
    expect(type).toBe(TRUNK_HELLO);
    expect(parseTrunkHello(HELLO.from.userId, content)).toEqual({ kind: 'ok', value: HELLO });
    const { answers: _, ...first } = content;
    expect(parseTrunkHello(HELLO.from.userId, first)).toMatchObject({ value: { answers: [] } });
  });

  it.each([
    ['versions', []],
    ['versions', ['1']],
    ['versions', Array.from({ length: 33 }, (_, index) => index + 1)],
    ['epoch', 'short'],
    ['epoch', 'with spaces in between'],
    ['public_key', 'AAAA'],
    ['url', 'https://one.example'],
    ['url', `wss://${'x'.repeat(3_000)}`],
    ['room_id', ''],
    ['answers', ['x']],
    ['device_id', undefined],
  ])('is none with %s %j', (key, value) => {
    expect(parseTrunkHello('@a:b', { ...writeTrunkHello(HELLO).content, [key]: value }).kind).toBe('bad');
  });
});

describe('a frame', () => {
  const count = fc.nat(Number.MAX_SAFE_INTEGER);
  const position = fc.record({ run: count, received: count });
  const frames: fc.Arbitrary<TrunkFrame> = fc.oneof(
    fc.record({
      kind: fc.constant('carried' as const),
      number: fc.nat(999_999_999),
      text: fc.string({ unit: 'binary' }),
    }),
    fc.record({ kind: fc.constant('open' as const), resume: fc.option(position, { nil: undefined }) }),
    fc.record({
      kind: fc.constant('welcome' as const),
      token: fc.string({ minLength: 1 }),
      resumed: fc.boolean(),
      position,
    }),
    fc.record({ kind: fc.constant('ack' as const), received: count }),
    fc.record({ kind: fc.constant('bye' as const), code: fc.constantFrom('WEIR_TRUNK_CLOSED', 'other') }),
  );

  it('is read as it was written', () => {
    fc.assert(
      fc.property(frames, frame => {
        expect(parseTrunkFrame(writeTrunkFrame(frame))).toEqual({ kind: 'ok', value: frame });
      }),
    );
  });

  it('of any text is answered, never thrown at', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => ['ok', 'bad'].includes(parseTrunkFrame(text).kind)));
    fc.assert(fc.property(fc.json(), text => ['ok', 'bad'].includes(parseTrunkFrame(text).kind)));
  });

  it('carries so much and no more', () => {
    const kinds = [0, 1].map(more => parseTrunkFrame(`7 ${'x'.repeat(MAX_TRUNK_FRAME_LENGTH + more)}`).kind);
    expect(kinds).toEqual(['ok', 'bad']);
    expect(parseTrunkFrame(`{"type":"${'x'.repeat(10_000)}"}`).kind).toBe('bad');
  });
});
