import { expect, it } from 'vitest';
import type { HeldKey } from '../page-encryption.ts';
import { KeyLog, ringKeysIn, ringKeysOf } from './keys.ts';

const KEY = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');
const HELD: HeldKey = { from: '["@a:b","C"]', stay: 's', generation: 1, step: 2, baseKey: KEY(64) };

it('keys are read whether padded or not', () => {
  const [padded, bare] = ringKeysOf([HELD, { ...HELD, baseKey: HELD.baseKey.replaceAll('=', '') }]);
  expect(padded).toEqual({ baseKey: new Uint8Array(64).fill(7), step: { generation: 1, step: 2 } });
  expect(bare).toEqual(padded);
});

it('of all that is said, whatever is as long as a key may be one', () => {
  const texts = [KEY(32), KEY(32).replace('=', ''), KEY(64), KEY(16), KEY(48), 'm.call.invite', '!'.repeat(43), ''];
  expect(ringKeysIn([...texts, ...texts]).map(({ baseKey, step }) => [baseKey.length, step])).toEqual([
    [32, undefined],
    [32, undefined],
    [64, undefined],
  ]);
});

it('a log has each key once, and none is forgotten', () => {
  const log = new KeyLog();
  const later = { ...HELD, step: 3 };
  log.add([HELD]);
  log.add([later, HELD]);
  log.add([{ ...HELD, stay: 't' }]);
  log.add([]);
  expect(log.all).toEqual([HELD, later, { ...HELD, stay: 't' }]);
});
