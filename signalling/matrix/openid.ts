/** Who a client is, by the word of its homeserver (Matrix client-server API, "OpenID"; federation `openid/userinfo`). */
import { Type } from 'typebox';
import { asWeirError, WeirError } from '../wire/errors.ts';
import { parserOf } from '../wire/parse.ts';
import { type Answer, getAt, getFrom } from './federation-get.ts';
import { reachableTest } from '../addresses/reachable.ts';
import { findServer } from './server-discovery.ts';
import { parseServerName } from './server-name.ts';

/** What a homeserver gave a client to show to others. */
export interface OpenIdToken {
  accessToken: string;
  /** Server name of the homeserver that knows the token. */
  serverName: string;
}

export interface OpenIdOptions {
  /** Homeservers that are asked at a known URL; all others are looked for. */
  homeservers: readonly { serverName: string; url: string }[];
  /** Private networks (CIDR) in which homeservers may be asked. */
  allowedNetworks: readonly string[];
  timeoutMs?: number;
  /** Certificates that are trusted beside the system's, PEM: for tests. */
  ca?: string;
}

/**
 * Gives the user of a token. Rejects with WEIR_OPENID_REFUSED where the homeserver does not know the token, speaks of a user of
 * another server, or may not be asked; with WEIR_OPENID_UNREACHABLE where it does not answer as a homeserver does.
 */
export type CheckOpenId = (token: OpenIdToken) => Promise<string>;

const TIMEOUT_MS = 10_000;
const parseUserInfo = parserOf('userinfo', Type.Object({ sub: Type.String({ maxLength: 255 }) }));

export function createOpenIdCheck(options: OpenIdOptions): CheckOpenId {
  const { timeoutMs = TIMEOUT_MS, ca } = options;
  const known = new Map(options.homeservers.map(({ serverName, url }) => [serverName.toLowerCase(), url]));
  const mayAsk = reachableTest(options.allowedNetworks);
  return async ({ accessToken, serverName }) => {
    if (parseServerName(serverName) === undefined)
      throw new WeirError('WEIR_OPENID_REFUSED', 'its homeserver has no valid name');
    const signal = AbortSignal.timeout(timeoutMs);
    const path = `/_matrix/federation/v1/openid/userinfo?access_token=${encodeURIComponent(accessToken)}`;
    const url = known.get(serverName.toLowerCase());
    const ask = async (): Promise<Answer> => {
      if (url !== undefined) return getAt(url, path, signal);
      const guarded = { mayAsk, signal, ...(ca === undefined ? {} : { ca }) };
      return getFrom(await findServer(serverName, guarded), path, guarded);
    };
    let answer: Answer;
    try {
      answer = await ask();
    } catch (thrown) {
      const error = asWeirError(thrown, 'WEIR_OPENID_UNREACHABLE');
      if (error.code === 'WEIR_OPENID_REFUSED' || error.code === 'WEIR_OPENID_UNREACHABLE') throw error;
      throw new WeirError('WEIR_OPENID_UNREACHABLE', 'its homeserver does not answer in time');
    }
    return userOf(answer, serverName);
  };
}

function userOf({ status, body }: Answer, serverName: string): string {
  if (status === 401 || status === 403)
    throw new WeirError('WEIR_OPENID_REFUSED', 'its homeserver does not know the token');
  const info = parseUserInfo(body);
  if (status !== 200 || info.kind === 'bad')
    throw new WeirError('WEIR_OPENID_UNREACHABLE', `its homeserver answers with status ${status}`);
  const { sub } = info.value;
  // A homeserver speaks for its own users alone.
  if (!/^@[^:\s]+:/.test(sub) || sub.slice(sub.indexOf(':') + 1).toLowerCase() !== serverName.toLowerCase())
    throw new WeirError('WEIR_OPENID_REFUSED', 'its homeserver speaks for a user of another server');
  return sub;
}
