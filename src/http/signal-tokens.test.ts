import { generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { createSignalTokens } from './signal-tokens.ts';

const SECRET = Buffer.alloc(32, 7);
const MEMBER = { userId: '@alice:example.org', deviceId: 'DEV', roomId: '!room:example.org', confId: 'conf' };
const CLAIMS = { sub: MEMBER.userId, device_id: 'DEV', room_id: MEMBER.roomId, conf_id: 'conf' };
const focus = (secret = SECRET, audience = '@focus:example.org/WEIR') =>
  createSignalTokens(secret, () => audience, 300_000);

describe('a token', () => {
  it('says who its member is, and in which conference', () => {
    const { token, expiresInS } = focus().issue(MEMBER);
    expect([focus().verify(token), expiresInS]).toEqual([MEMBER, 300]);
  });

  const signed = (claims: object, secret: jwt.Secret = SECRET, options: jwt.SignOptions = {}): string =>
    jwt.sign(claims, secret, { issuer: 'weir', audience: '@focus:example.org/WEIR', expiresIn: 60, ...options });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });

  it.each([
    ['of another secret', focus(Buffer.alloc(32, 8)).issue(MEMBER).token],
    ['of another focus', focus(SECRET, '@focus:example.org/OTHER').issue(MEMBER).token],
    ['that is expired', signed(CLAIMS, SECRET, { expiresIn: -1 })],
    ['of another issuer', signed(CLAIMS, SECRET, { issuer: 'other' })],
    ['without an algorithm', jwt.sign(CLAIMS, null, { algorithm: 'none', issuer: 'weir' })],
    ['of another algorithm of secrets', signed(CLAIMS, SECRET, { algorithm: 'HS512' })],
    ['of an algorithm of keys', signed(CLAIMS, privateKey, { algorithm: 'RS256' })],
    ['without a device', signed({ sub: MEMBER.userId, room_id: '!r', conf_id: 'c' })],
    ['with a device that is no text', signed({ ...CLAIMS, device_id: { $ne: '' } })],
    ['that is none', 'none'],
    ['that is long', 'x'.repeat(100_000)],
  ])('%s is refused', (_, token) => {
    expect(() => focus().verify(token)).toThrow(expect.objectContaining({ code: 'WEIR_TOKEN_REFUSED' }));
  });
});
