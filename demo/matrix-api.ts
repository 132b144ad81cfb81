import { Failure } from '../setup/failure.mjs';

const TIMEOUT_MS = 20_000;

export interface MatrixRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
  accessToken?: string;
  timeoutMs?: number;
}

/** The homeserver's answer to a request that it refused. */
export class MatrixError extends Failure {
  override name = 'MatrixError';
  readonly status: number;
  /** Such as M_FORBIDDEN. */
  readonly errcode: string;

  constructor(request: MatrixRequest, status: number, body: unknown) {
    const errcode = stringField(body, 'errcode') ?? 'M_UNKNOWN';
    const text = stringField(body, 'error') ?? '';
    super(`${request.method} ${request.path}: ${status} ${errcode} ${text}`, "Look into the homeserver's log.");
    this.status = status;
    this.errcode = errcode;
  }
}

/** One request of the client-server (or admin) API. Rejects with MatrixError, or with Failure when there is no answer in time. */
export async function matrixRequest(baseUrl: string, request: MatrixRequest): Promise<unknown> {
  const timeoutMs = request.timeoutMs ?? TIMEOUT_MS;
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(new URL(request.path, baseUrl), {
      method: request.method,
      headers: {
        'content-type': 'application/json',
        ...(request.accessToken === undefined ? {} : { authorization: `Bearer ${request.accessToken}` }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    body = await response.json();
  } catch (cause) {
    throw new Failure(
      `The homeserver at ${baseUrl} did not answer ${request.method} ${request.path} in ${timeoutMs} ms.`,
      'See whether it runs, and what its log says.',
      { cause },
    );
  }
  if (!response.ok) throw new MatrixError(request, response.status, body);
  return body;
}

/** A field that has to be a string. */
export function requireString(body: unknown, field: string): string {
  const value = stringField(body, field);
  if (value === undefined) throw new Failure(`The homeserver's answer has no "${field}".`, 'Check its version.');
  return value;
}

function stringField(body: unknown, field: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const value: unknown = Reflect.get(body, field);
  return typeof value === 'string' ? value : undefined;
}
