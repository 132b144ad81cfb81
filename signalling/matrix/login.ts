import { Type } from 'typebox';
import type { Clock } from '../../src/ports.ts';
import { WeirError } from '../wire/errors.ts';
import { parserOf } from '../wire/parse.ts';
import { Id } from '../wire/stream-metadata.ts';
import { HomeserverHttp } from './http.ts';
import type { Credentials, Login } from './types.ts';

const TIMEOUT_MS = 10_000;

const parseWhoami = parserOf('/account/whoami', Type.Object({ user_id: Id, device_id: Type.Optional(Id) }));
const parseLogin = parserOf(
  '/login',
  Type.Object({ user_id: Id, device_id: Id, access_token: Type.String({ minLength: 1 }) }),
);

/** Asks whose the token is. Rejects with what `failureOf` sorts, or with a WeirError. */
export async function whoami(http: HomeserverHttp, accessToken: string, signal: AbortSignal): Promise<Login> {
  const answer = parseWhoami(
    await http.call({ method: 'GET', path: '/account/whoami', timeoutMs: TIMEOUT_MS, signal }),
  );
  if (answer.kind === 'bad') throw answer.error;
  const { user_id: userId, device_id: deviceId } = answer.value;
  if (deviceId === undefined) {
    throw new WeirError('WEIR_HOMESERVER_REFUSED', 'the access token belongs to no device; log in as a device');
  }
  return { userId, deviceId, accessToken };
}

/** Logs in with a password, once. Rejects with what `failureOf` sorts. */
export async function logIn(
  url: string,
  credentials: Extract<Credentials, { kind: 'password' }>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Login> {
  const http = new HomeserverHttp(url, clock, undefined);
  try {
    const answer = parseLogin(
      await http.call({
        method: 'POST',
        path: '/login',
        body: {
          type: 'm.login.password',
          identifier: { type: 'm.id.user', user: credentials.user },
          password: credentials.password,
          initial_device_display_name: 'weir',
          ...(credentials.deviceId === undefined ? {} : { device_id: credentials.deviceId }),
        },
        timeoutMs: TIMEOUT_MS,
        signal,
        anonymous: true,
      }),
    );
    if (answer.kind === 'bad') throw answer.error;
    return {
      userId: answer.value.user_id,
      deviceId: answer.value.device_id,
      accessToken: answer.value.access_token,
    };
  } finally {
    http.close();
  }
}
