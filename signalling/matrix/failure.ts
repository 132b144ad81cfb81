import { HTTPError, MatrixError, safeGetRetryAfterMs } from 'matrix-js-sdk/lib/http-api/errors.js';
import { WeirError } from '../wire/errors.ts';

/** Why a request failed, by what can be done about it. */
export type Failure =
  /** The token or password is not (or no longer) good. */
  | { kind: 'refused'; errcode: string; message: string; softLogout: boolean }
  /** Too many requests (429); `retryAfterMs` where the homeserver says when to come again. */
  | { kind: 'limited'; retryAfterMs: number | undefined; message: string }
  /** The homeserver understood and said no; the same request will be refused again. */
  | { kind: 'rejected'; status: number; errcode: string; message: string }
  /** No answer in time, a broken connection, a server error, an answer that is not Matrix. */
  | { kind: 'unreachable'; message: string };

const TOKEN_ERRCODES = new Set(['M_UNKNOWN_TOKEN', 'M_MISSING_TOKEN', 'M_USER_DEACTIVATED', 'M_USER_LOCKED']);
const MAX_MESSAGE_LENGTH = 300;

/** Sorts what a request threw. Messages hold what the homeserver said, never what it was sent. */
export function failureOf(thrown: unknown): Failure {
  const message = (thrown instanceof Error ? thrown.message : String(thrown)).slice(0, MAX_MESSAGE_LENGTH);
  if (!(thrown instanceof HTTPError)) return { kind: 'unreachable', message };
  const status = thrown.httpStatus ?? 0;
  const errcode = (thrown instanceof MatrixError ? thrown.errcode : undefined) ?? 'M_UNKNOWN';
  if (status === 401 || TOKEN_ERRCODES.has(errcode)) {
    const softLogout = thrown instanceof MatrixError && thrown.data['soft_logout'] === true;
    return { kind: 'refused', errcode, message, softLogout };
  }
  if (status === 429 || errcode === 'M_LIMIT_EXCEEDED') {
    const retryAfterMs = safeGetRetryAfterMs(thrown, -1);
    return { kind: 'limited', retryAfterMs: retryAfterMs < 0 ? undefined : retryAfterMs, message };
  }
  // Without an errcode it was a proxy that spoke, and its homeserver may come back.
  if (status >= 400 && status < 500 && thrown instanceof MatrixError && thrown.errcode !== undefined) {
    return { kind: 'rejected', status, errcode, message };
  }
  return { kind: 'unreachable', message };
}

/** A failure as the error that leaves this room. */
export function errorOf(failure: Failure, cause?: unknown): WeirError {
  switch (failure.kind) {
    case 'refused':
      return new WeirError('WEIR_HOMESERVER_REFUSED', `${failure.errcode}: ${failure.message}`, { cause });
    case 'rejected':
      return new WeirError('WEIR_HOMESERVER_REFUSED', `${failure.errcode}: ${failure.message}`, { cause });
    case 'limited':
    case 'unreachable':
      return new WeirError('WEIR_HOMESERVER_UNREACHABLE', failure.message, { cause });
  }
}
