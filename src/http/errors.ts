/** Every error leaves as JSON `{code, message, remedy}`; what went wrong inside stays inside. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import type { HttpDeps } from './deps.ts';

/** The body of every answer that is an error. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  remedy: string;
  /** When it may go better, in ms from now, where that is known. */
  retry_after_ms?: number;
}

export function errorBody(error: WeirError): ErrorBody {
  const { code, message, remedy, retryAfterMs } = error;
  return { code, message, remedy, ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }) };
}

function statusOf(code: ErrorCode): number {
  switch (code) {
    case 'WEIR_BAD_REQUEST':
      return 400;
    case 'WEIR_OPENID_REFUSED':
    case 'WEIR_TOKEN_REFUSED':
      return 401;
    case 'WEIR_NOT_ALLOWED':
    case 'WEIR_NOT_JOINED':
    case 'WEIR_TRUNK_NOT_NAMED':
    case 'WEIR_TRUNK_DENIED':
      return 403;
    case 'WEIR_NO_SUCH_PATH':
    case 'WEIR_PAGE_MISSING':
    case 'WEIR_UNKNOWN_CONFERENCE':
      return 404;
    case 'WEIR_NO_SUCH_METHOD':
      return 405;
    case 'WEIR_CALL_ENDED':
      return 410;
    case 'WEIR_TRUNK_VERSION':
      return 426;
    case 'WEIR_TOO_MANY_REQUESTS':
    case 'WEIR_TRUNK_LIMIT':
      return 429;
    case 'WEIR_OPENID_UNREACHABLE':
      return 502;
    case 'WEIR_STARTING':
    case 'WEIR_FOCUS_STOPPING':
    case 'WEIR_OVERLOADED':
      return 503;
    default:
      return 500;
  }
}

/** In place of the framework's words, which quote the request. */
function saidOf(status: number): string {
  switch (status) {
    case 408:
      return 'the request took too long';
    case 413:
      return 'the request body is too large';
    case 414:
      return 'the URL is too long';
    case 415:
      return 'the request body has a type that is not read here';
    case 431:
      return 'the request headers are too large';
    default:
      return 'the request is malformed';
  }
}

/** Status and typed error of anything that a handler or the framework threw. */
export function typedError(thrown: unknown): { status: number; error: WeirError } {
  if (thrown instanceof WeirError) return { status: statusOf(thrown.code), error: thrown };
  const status: unknown = thrown instanceof Error ? Reflect.get(thrown, 'statusCode') : undefined;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return { status, error: new WeirError('WEIR_BAD_REQUEST', saidOf(status), { cause: thrown }) };
  }
  const error = new WeirError('WEIR_INTERNAL', 'the request failed inside the focus; its log says why', {
    cause: thrown,
  });
  return { status: 500, error };
}

export function sendError(reply: FastifyReply, thrown: unknown, deps: HttpDeps): FastifyReply {
  const { status, error } = typedError(thrown);
  deps.countError(error.code);
  if (status === 500) deps.log.error({ code: error.code, err: error.cause ?? error }, 'an HTTP request failed');
  // RFC 9110, section 10.2.3: whole seconds.
  if (error.retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfterMs / 1_000)));
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(errorBody(error));
}

/**
 * Refuses paths and methods that there are not, before a body is read; the rest of the errors come by themselves.
 * Must be called before the paths are added.
 */
export function handleErrors(app: FastifyInstance, deps: HttpDeps): void {
  // Not `hasRoute`: it throws for some paths, and any path can be asked for.
  const known = new Set<string>();
  app.addHook('onRoute', ({ url }) => void known.add(url === '/*' ? '/' : url));
  app.setErrorHandler((thrown, _request, reply) => sendError(reply, thrown, deps));
  app.setNotFoundHandler((request, reply) => sendError(reply, noSuch(known, request, reply), deps));
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) throw noSuch(known, request, reply);
  });
}

function noSuch(known: ReadonlySet<string>, { method, url }: FastifyRequest, reply: FastifyReply): WeirError {
  const reads = method === 'GET' || method === 'HEAD';
  // Nobody will read a body that comes along.
  if (!reads) reply.header('connection', 'close');
  if (reads || !known.has(url.split('?', 1)[0] ?? '')) {
    return new WeirError('WEIR_NO_SUCH_PATH', 'there is nothing at this path');
  }
  reply.header('allow', 'GET, HEAD');
  return new WeirError('WEIR_NO_SUCH_METHOD', 'this path knows GET and HEAD only');
}
