/** Requests to a homeserver. */

const ANSWERS_WITHIN_MS = 30_000;
/** Times that a request is made again where the homeserver asks to wait (M_LIMIT_EXCEEDED). */
const TRIES = 5;
const LONGEST_PAUSE_MS = 10_000;

export interface MatrixRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below /_matrix/client; parts are encoded. */
  path: readonly string[];
  body?: unknown;
  query?: Record<string, string>;
  token: string;
  signal?: AbortSignal;
}

/** A refusal. */
export class MatrixRefusal extends Error {
  readonly status: number;
  readonly errcode: string;

  constructor(what: string, status: number, body: unknown) {
    super(`${what}: ${status} ${textOf(body, 'errcode') ?? ''} ${textOf(body, 'error') ?? ''}`.trim());
    this.name = 'MatrixRefusal';
    this.status = status;
    this.errcode = textOf(body, 'errcode') ?? 'M_UNKNOWN';
  }
}

/** Rejects with a MatrixRefusal, or where there is no answer in time. */
export async function askHomeserver(homeserver: string, request: MatrixRequest): Promise<unknown> {
  const url = new URL(`/_matrix/client/${request.path.map(encodeURIComponent).join('/')}`, homeserver);
  for (const [key, value] of Object.entries(request.query ?? {})) url.searchParams.set(key, value);
  const late = AbortSignal.timeout(ANSWERS_WITHIN_MS);
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(url, {
      method: request.method,
      headers: { authorization: `Bearer ${request.token}`, 'content-type': 'application/json' },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: request.signal === undefined ? late : AbortSignal.any([late, request.signal]),
    });
    const body: unknown = await answer.json().catch(() => undefined);
    if (answer.ok) return body;
    const refusal = new MatrixRefusal(`${request.method} ${url.pathname}`, answer.status, body);
    if (refusal.errcode !== 'M_LIMIT_EXCEEDED' || attempt === TRIES) throw refusal;
    const asked = Number(typeof body === 'object' && body !== null ? Reflect.get(body, 'retry_after_ms') : 0);
    await new Promise(resolve => setTimeout(resolve, Math.min(LONGEST_PAUSE_MS, asked > 0 ? asked : 1_000)));
  }
}

export function textOf(body: unknown, key: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const value: unknown = Reflect.get(body, key);
  return typeof value === 'string' ? value : undefined;
}
