import { expect, it } from 'vitest';
import { CallProtection } from './call-protection.ts';
import { ProblemError } from './problems.ts';
import { FakeRoom } from './testing/fake-room.ts';

const nothing = { changed: (): void => undefined, failed: (): void => undefined };

it('protects nothing where the room is not encrypted', () => {
  const protection = new CallProtection(new FakeRoom(), nothing, undefined);
  protection.begin('conf');
  expect(protection.ofSession()).toBeUndefined();
  expect(protection.state).toEqual({ kind: 'off' });
});

it('lets no session be where the room is encrypted, and we cannot: there is none in the clear', () => {
  const room = new FakeRoom();
  room.isEncrypted = true;
  const protection = new CallProtection(room, nothing, undefined);
  expect(() => protection.ofSession()).toThrow(ProblemError);
  expect(protection.state).toMatchObject({ kind: 'unavailable', problem: { code: 'ENCRYPTION_UNAVAILABLE' } });
});

it('follows the room where encryption is switched on later', () => {
  const room = new FakeRoom();
  const protection = new CallProtection(room, nothing, undefined);
  expect(protection.ofSession()).toBeUndefined();
  room.isEncrypted = true;
  expect(() => protection.begin('conf')).toThrow();
});
