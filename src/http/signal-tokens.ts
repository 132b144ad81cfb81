/** Tokens with which a client opens a WebSocket: what it proved once holds for some minutes (JWT, RFC 7519; HS256 alone). */
import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { Type } from 'typebox';
import { WeirError } from '../../signalling/wire/errors.ts';
import { parserOf } from '../../signalling/wire/parse.ts';
import type { SignalMember } from '../ports.ts';

const ISSUER = 'weir';
const ALGORITHM = 'HS256';
const MOST_CHARACTERS = 4_096;
const text = Type.String({ minLength: 1, maxLength: 255 });
const parseClaims = parserOf('claims', Type.Object({ sub: text, device_id: text, room_id: text, conf_id: text }));

export interface SignalTokens {
  issue(member: SignalMember): { token: string; expiresInS: number };
  /** Throws WEIR_TOKEN_REFUSED. */
  verify(token: string): SignalMember;
}

/**
 * @param secret at least 32 bytes
 * @param audience which focus it is; a token of another one is refused even where the secrets are the same
 */
export function createSignalTokens(secret: Buffer, audience: () => string, lifetimeMs: number): SignalTokens {
  const expiresInS = Math.round(lifetimeMs / 1_000);
  return {
    issue({ userId, deviceId, roomId, confId }) {
      const claims = { device_id: deviceId, room_id: roomId, conf_id: confId };
      const token = jwt.sign(claims, secret, {
        algorithm: ALGORITHM,
        expiresIn: expiresInS,
        issuer: ISSUER,
        audience: audience(),
        subject: userId,
        jwtid: randomUUID(),
      });
      return { token, expiresInS };
    },
    verify(token) {
      if (token.length > MOST_CHARACTERS) throw refused('is too long');
      let claims: unknown;
      try {
        claims = jwt.verify(token, secret, { algorithms: [ALGORITHM], issuer: ISSUER, audience: audience() });
      } catch (thrown) {
        throw refused(thrown instanceof jwt.TokenExpiredError ? 'is expired' : 'is none of this focus');
      }
      const parsed = parseClaims(claims);
      if (parsed.kind === 'bad') throw refused('lacks claims');
      const { sub: userId, device_id: deviceId, room_id: roomId, conf_id: confId } = parsed.value;
      return { userId, deviceId, roomId, confId };
    },
  };
}

function refused(why: string): WeirError {
  return new WeirError('WEIR_TOKEN_REFUSED', `the token ${why}`);
}
