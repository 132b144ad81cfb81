/** From what a person types to credentials. */
import { Method } from 'matrix-js-sdk/lib/http-api/method.js';
import { readLogin, readLoginFlows, readWellKnown } from './homeserver-answers.ts';
import { type Credentials, HomeserverRequests, httpOf, problemOfRequest, trusted } from './homeserver-requests.ts';
import { problem, ProblemError } from './problems.ts';

const TIMEOUT_MS = 15_000;
const DEVICE_NAME = 'Weir call page';

/** `example.org`, `https://matrix.example.org/` → a URL without a slash at its end; `undefined` where it is none. */
export function homeserverUrlOf(typed: string): string | undefined {
  const text = typed.trim();
  if (text === '') return undefined;
  try {
    const url = new URL(/^https?:\/\//i.test(text) ? text : `https://${text}`);
    return url.hostname === '' ? undefined : `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  } catch {
    return undefined;
  }
}

/** The server of `@user:server`. */
export function serverOf(userId: string): string | undefined {
  const match = /^@[^:]*:(.+)$/.exec(userId.trim());
  return match?.[1];
}

/**
 * Finds the homeserver behind what was typed: as it stands, or by its .well-known (Matrix client-server API, "Server
 * discovery"). Rejects with HOMESERVER_NOT_FOUND or HOMESERVER_UNREACHABLE.
 */
export async function findHomeserver(typed: string): Promise<string> {
  const url = homeserverUrlOf(typed);
  if (url === undefined) throw new ProblemError(problem('HOMESERVER_NOT_FOUND', typed));
  const [direct, named] = await Promise.allSettled([speaksMatrix(url), wellKnown(url)]);
  if (named.status === 'fulfilled' && named.value !== undefined) return named.value;
  if (direct.status === 'rejected') throw problemOfRequest(direct.reason);
  if (!direct.value) throw new ProblemError(problem('HOMESERVER_NOT_FOUND', url));
  return url;
}

async function speaksMatrix(url: string): Promise<boolean> {
  const http = httpOf(url);
  const options = { prefix: '/_matrix/client', localTimeoutMs: TIMEOUT_MS };
  const answer = await http.request<object>(Method.Get, '/versions', {}, undefined, options);
  return Object.hasOwn(answer, 'versions');
}

async function wellKnown(url: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/.well-known/matrix/client`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) return undefined;
  const parsed = readWellKnown(await answer.json());
  return parsed.kind === 'ok' ? homeserverUrlOf(parsed.value['m.homeserver'].base_url) : undefined;
}

/** Whether the homeserver lets people sign in with their password, and by way of another site. */
export async function waysToSignIn(homeserverUrl: string): Promise<{ password: boolean; sso: boolean }> {
  try {
    const answer = await httpOf(homeserverUrl).request(Method.Get, '/login', {}, undefined, {
      localTimeoutMs: TIMEOUT_MS,
    });
    const types = trusted(readLoginFlows(answer)).flows.map(flow => flow.type);
    return { password: types.includes('m.login.password'), sso: types.includes('m.login.sso') };
  } catch (thrown) {
    throw problemOfRequest(thrown);
  }
}

/** Where the browser goes to sign in by way of another site; it comes back to `returnUrl` with `?loginToken=`. */
export function ssoUrl(homeserverUrl: string, returnUrl: string): string {
  return `${homeserverUrl}/_matrix/client/v3/login/sso/redirect?redirectUrl=${encodeURIComponent(returnUrl)}`;
}

async function login(homeserverUrl: string, body: Record<string, unknown>): Promise<Credentials> {
  try {
    const answer = trusted(
      readLogin(
        await httpOf(homeserverUrl).request(
          Method.Post,
          '/login',
          {},
          { ...body, initial_device_display_name: DEVICE_NAME },
          { localTimeoutMs: TIMEOUT_MS },
        ),
      ),
    );
    return { homeserverUrl, userId: answer.user_id, deviceId: answer.device_id, accessToken: answer.access_token };
  } catch (thrown) {
    throw problemOfRequest(thrown, 'LOGIN_REFUSED');
  }
}

/** Rejects with LOGIN_REFUSED, RATE_LIMITED or HOMESERVER_UNREACHABLE. `user`: `@user:server` or its local part. */
export function loginWithPassword(homeserverUrl: string, user: string, password: string): Promise<Credentials> {
  return login(homeserverUrl, {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: user.trim() },
    password,
  });
}

/** Trades a one-time login token (of SSO, or of `/login/get_token`) for credentials. */
export function loginWithToken(homeserverUrl: string, loginToken: string): Promise<Credentials> {
  return login(homeserverUrl, { type: 'm.login.token', token: loginToken });
}

/** Asks whose access token it is. Rejects with TOKEN_REFUSED. */
export async function loginWithAccessToken(homeserverUrl: string, accessToken: string): Promise<Credentials> {
  const unknown = { userId: '', deviceId: '' };
  const requests = new HomeserverRequests(httpOf(homeserverUrl, accessToken), unknown);
  const { userId, deviceId } = await requests.whoAmI();
  if (deviceId === undefined) throw new ProblemError(problem('TOKEN_REFUSED', 'The token belongs to no device.'));
  return { homeserverUrl, userId, deviceId, accessToken };
}
