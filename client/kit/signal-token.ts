/** The token that opens a line to the focus: asked for in advance, and used again while it holds. */
import { type OpenIdToken, readRetryAfter, readSignalToken } from './homeserver-answers.ts';

/** For whom the token is; the focus gives it to joined members only. */
export interface TokenRequest {
  /** POST /v1/token of the focus. */
  url: string;
  roomId: string;
  confId: string;
  deviceId: string;
  /** Asks the homeserver who we are. */
  openIdToken(): Promise<OpenIdToken>;
}

/** The focus gave no token. */
export class NoToken extends Error {
  /** When to ask again, in ms; 0 where the focus did not say. */
  readonly retryAfterMs: number;

  constructor(status: number, retryAfterMs: number) {
    super(`The focus gave no token (${status}).`);
    this.name = 'NoToken';
    this.retryAfterMs = retryAfterMs;
  }
}

/** Longer than the focus waits for a room that it has not heard of yet. */
const TIMEOUT_MS = 8_000;
/** A token is used until this share of its life is over… */
const USED_SHARE = 0.95;
/** …and better renewed after this one: when the line is cut, nothing should have to be asked for. */
const FRESH_SHARE = 0.7;

interface Held<T> {
  value: T;
  /** ms since 1970. */
  until: number;
}

/** What a line needs of its token. */
export type TokenSource = Pick<SignalToken, 'freshForMs' | 'get' | 'refused' | 'renew'>;

export class SignalToken {
  readonly #request: TokenRequest;
  #openId: Held<OpenIdToken> | undefined;
  #token: Held<string> | undefined;
  #freshUntil = 0;

  constructor(request: TokenRequest) {
    this.#request = request;
  }

  /** When the token at hand should be renewed, in ms from now; 0 where it should be already, or there is none. */
  get freshForMs(): number {
    return this.#token === undefined ? 0 : Math.max(0, this.#freshUntil - Date.now());
  }

  /** The token at hand, or a new one. Rejects where the homeserver or the focus gives none. */
  async get(): Promise<string> {
    return this.#token !== undefined && Date.now() < this.#token.until ? this.#token.value : this.renew();
  }

  /** A new token. */
  async renew(): Promise<string> {
    const asked = Date.now();
    const openId = await this.#identity();
    const { url, roomId, confId, deviceId } = this.#request;
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ room_id: roomId, conf_id: confId, device_id: deviceId, openid_token: openId }),
      credentials: 'omit',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // Who we are was doubted: the homeserver is asked again.
    if (answer.status === 401) this.#openId = undefined;
    // A proxy may answer in its own words.
    const said: unknown = await answer.json().catch(() => undefined);
    const parsed = answer.ok ? readSignalToken(said) : undefined;
    if (parsed?.kind !== 'ok') {
      const later = readRetryAfter(said);
      throw new NoToken(answer.status, later.kind === 'ok' ? later.value.retry_after_ms : 0);
    }
    const { token, expires_in: lifeS } = parsed.value;
    this.#token = { value: token, until: asked + lifeS * 1_000 * USED_SHARE };
    this.#freshUntil = asked + lifeS * 1_000 * FRESH_SHARE;
    return token;
  }

  /** The focus did not take the token. */
  refused(): void {
    this.#token = undefined;
  }

  async #identity(): Promise<OpenIdToken> {
    if (this.#openId !== undefined && Date.now() < this.#openId.until) return this.#openId.value;
    const asked = Date.now();
    const value = await this.#request.openIdToken();
    this.#openId = { value, until: asked + value.expires_in * 1_000 * USED_SHARE };
    return value;
  }
}
