/** Tokens of trunks (JWT, RFC 7519; HS256 alone): bound to both foci, conference, version and both epochs, and good for a minute. */
import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { WeirError } from '../../signalling/wire/errors.ts';
import { parseTrunkClaims, type TrunkClaims } from '../../signalling/wire/trunk.ts';
import { type ConferenceId, type FocusId, nameOfFocus } from '../session.ts';
import type { Link } from './handshake.ts';

const ALGORITHM = 'HS256';
const LIFETIME_S = 60;
/** How far the clocks of two foci may be apart, s. */
const CLOCK_TOLERANCE_S = 60;

/** Whom a token is between, and what for. */
export interface Bond {
  conference: ConferenceId;
  own: FocusId;
  peer: FocusId;
  /** Of our end. */
  epoch: string;
}

/** @param now ms since 1970 @param answers `jti` of the token that this one answers */
export function signTrunkToken(bond: Bond, link: Link, now: number, answers?: string): { token: string; id: string } {
  const id = randomUUID();
  const issuedAt = Math.floor(now / 1_000);
  const claims: TrunkClaims = {
    iss: nameOfFocus(bond.own),
    aud: nameOfFocus(bond.peer),
    room_id: bond.conference.roomId,
    conf_id: bond.conference.confId,
    version: link.version,
    epoch: bond.epoch,
    aud_epoch: link.epoch,
    jti: id,
    iat: issuedAt,
    exp: issuedAt + LIFETIME_S,
    ...(answers === undefined ? {} : { answers }),
  };
  return { token: jwt.sign(claims, link.secret, { algorithm: ALGORITHM }), id };
}

/** What a token says before anything of it is proven, to find the link that can. Throws WEIR_TOKEN_REFUSED. */
export function peekAtTrunkToken(token: string): TrunkClaims {
  let claims: unknown;
  try {
    claims = jwt.decode(token, { json: true });
  } catch {
    throw refused('is none');
  }
  const parsed = parseTrunkClaims(claims);
  if (parsed.kind === 'bad') throw refused('lacks claims');
  return parsed.value;
}

/**
 * Checks a token of the other end. Throws WEIR_TOKEN_REFUSED.
 * @param answers `jti` of our token that it has to answer; undefined: it must answer none
 */
export function verifyTrunkToken(token: string, bond: Bond, link: Link, now: number, answers?: string): TrunkClaims {
  let checked: unknown;
  try {
    checked = jwt.verify(token, link.secret, {
      algorithms: [ALGORITHM],
      issuer: nameOfFocus(bond.peer),
      audience: nameOfFocus(bond.own),
      clockTimestamp: Math.floor(now / 1_000),
      clockTolerance: CLOCK_TOLERANCE_S,
      // Whatever end it gives itself.
      maxAge: LIFETIME_S,
    });
  } catch (thrown) {
    throw refused(thrown instanceof jwt.TokenExpiredError ? 'is expired' : 'is not of the other focus');
  }
  const parsed = parseTrunkClaims(checked);
  if (parsed.kind === 'bad') throw refused('lacks claims');
  const claims = parsed.value;
  const { conference, epoch } = bond;
  if (claims.room_id !== conference.roomId || claims.conf_id !== conference.confId)
    throw refused('is for another call');
  if (claims.epoch !== link.epoch || claims.aud_epoch !== epoch) throw refused('is of another epoch');
  if (claims.version !== link.version) throw refused('is of another version');
  if (claims.answers !== answers) throw refused('answers another one');
  return claims;
}

function refused(why: string): WeirError {
  return new WeirError('WEIR_TOKEN_REFUSED', `the token ${why}`);
}
