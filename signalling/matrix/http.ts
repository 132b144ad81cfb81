/**
 * Requests to the homeserver: matrix-js-sdk's MatrixHttpApi builds and authorises them, node:http carries them.
 *
 * The SDK's own transport is left out on purpose: its time-out does not cover the body of a response, keeps a timer after
 * each request, and `fetch` adds 13 MB of memory and closes idle connections after 4 s.
 */
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import {
  type BaseRequestOpts,
  type Body,
  ClientPrefix,
  ConnectionError,
  type HttpApiEvent,
  type HttpApiEventHandlerMap,
  type IHttpOpts,
  MatrixError,
  MatrixHttpApi,
  Method,
} from 'matrix-js-sdk/lib/http-api/index.js';
import { TypedEventEmitter } from 'matrix-js-sdk/lib/models/typed-event-emitter.js';
import type { Clock } from '../../src/ports.ts';

/** Largest response that is read, in bytes: the whole state of some hundred large rooms. */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024;
/** Connections for everything but /sync. */
const MAX_CONNECTIONS = 16;

/** One request to the client-server API. */
export interface Call {
  method: 'GET' | 'PUT' | 'POST';
  /** After `/_matrix/client/v3`, already percent-encoded. */
  path: string;
  query?: Record<string, string | number | boolean | string[]>;
  body?: Record<string, unknown>;
  /** For the whole exchange, in ms. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Log-in itself is sent without the token. */
  anonymous?: boolean;
}

const METHODS = { GET: Method.Get, PUT: Method.Put, POST: Method.Post } as const;

class BoundedHttpApi extends MatrixHttpApi<IHttpOpts> {
  readonly #clock: Clock;
  readonly #agent: HttpAgent;
  readonly #send: typeof httpRequest;

  constructor(opts: IHttpOpts, clock: Clock, maxConnections: number) {
    super(new TypedEventEmitter<HttpApiEvent, HttpApiEventHandlerMap>(), opts);
    this.#clock = clock;
    const secure = opts.baseUrl.startsWith('https:');
    // Idle connections are kept until the homeserver closes them: a TLS handshake costs more than the message.
    const agentOptions = { keepAlive: true, keepAliveMsecs: 15_000, maxSockets: maxConnections };
    this.#agent = secure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
    this.#send = secure ? httpsRequest : httpRequest;
  }

  override async requestOtherUrl<T>(
    method: Method,
    url: URL | string,
    body?: Body,
    opts: BaseRequestOpts = {},
  ): Promise<T> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const deadline = new AbortController();
    const timer = this.#clock.after(opts.localTimeoutMs ?? 10_000, () => deadline.abort());
    const abort = (): void => deadline.abort();
    if (opts.abortSignal?.aborted === true) deadline.abort();
    opts.abortSignal?.addEventListener('abort', abort);
    try {
      return await this.#exchange<T>(method, new URL(url), text, opts.headers ?? {}, deadline.signal, true);
    } catch (thrown) {
      if (thrown instanceof MatrixError) throw thrown;
      if (deadline.signal.aborted) throw new ConnectionError('the homeserver did not answer in time');
      throw new ConnectionError('request failed', thrown instanceof Error ? thrown : undefined);
    } finally {
      timer.cancel();
      opts.abortSignal?.removeEventListener('abort', abort);
    }
  }

  async #exchange<T>(
    method: Method,
    url: URL,
    text: string | undefined,
    headers: Record<string, string>,
    signal: AbortSignal,
    mayRepeat: boolean,
  ): Promise<T> {
    const outcome = await new Promise<IncomingMessage | 'stale connection'>((resolve, reject) => {
      const request = this.#send(url, {
        method,
        agent: this.#agent,
        signal,
        headers: {
          ...headers,
          accept: 'application/json',
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      });
      request.once('response', resolve);
      request.once('error', error => {
        // The homeserver closed an idle connection just as it was used again; the request was not looked at.
        const stale = request.reusedSocket && mayRepeat && !signal.aborted && method !== Method.Post;
        if (stale) resolve('stale connection');
        else reject(error);
      });
      request.end(text);
    });
    if (outcome === 'stale connection') return this.#exchange<T>(method, url, text, headers, signal, false);
    const received = await readBody(outcome);
    const status = outcome.statusCode ?? 0;
    if (status >= 300) throw refusalOf(status, outcome, received);
    return JSON.parse(received) as T;
  }

  close(): void {
    this.abort();
    this.#agent.destroy();
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_RESPONSE_BYTES) {
      response.destroy();
      throw new Error(`the response is longer than ${MAX_RESPONSE_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString('utf8');
}

function refusalOf(status: number, response: IncomingMessage, text: string): MatrixError {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const data: Record<string, unknown> = typeof json === 'object' && json !== null ? { ...json } : {};
  const errcode = typeof data['errcode'] === 'string' ? data['errcode'] : undefined;
  const retryAfter = Number(response.headers['retry-after'] ?? Number.NaN);
  const retryAfterMs = Number.isFinite(retryAfter) ? Math.round(retryAfter * 1000) : data['retry_after_ms'];
  const said =
    typeof data['error'] === 'string'
      ? data['error']
      : status < 400
        ? `the homeserver redirects to ${(response.headers.location ?? 'somewhere').split('?')[0]}; homeserver.url must be the final address`
        : 'no Matrix error was given';
  return new MatrixError(
    {
      error: said,
      ...(errcode === undefined ? {} : { errcode }),
      ...(status === 429 ? { errcode: 'M_LIMIT_EXCEEDED' } : {}),
      ...(Number.isInteger(retryAfterMs) ? { retry_after_ms: retryAfterMs } : {}),
      ...(data['soft_logout'] === true ? { soft_logout: true } : {}),
    },
    status,
  );
}

/** Requests to one homeserver, with the token of one device. */
export class HomeserverHttp {
  // The long poll has a connection of its own: it never waits behind messages, nor they behind it.
  readonly #polling: BoundedHttpApi;
  readonly #others: BoundedHttpApi;

  /** @param url base URL without `/_matrix` */
  constructor(url: string, clock: Clock, accessToken: string | undefined) {
    const opts: IHttpOpts = {
      baseUrl: url,
      prefix: ClientPrefix.V3,
      onlyData: true,
      ...(accessToken === undefined ? {} : { accessToken }),
    };
    this.#polling = new BoundedHttpApi(opts, clock, 1);
    this.#others = new BoundedHttpApi(opts, clock, MAX_CONNECTIONS);
  }

  /** Gives the JSON of a 2xx response; rejects with what `failureOf` sorts. */
  async call(call: Call): Promise<unknown> {
    const api = call.path === '/sync' ? this.#polling : this.#others;
    const opts = { localTimeoutMs: call.timeoutMs, abortSignal: call.signal, inhibitLogoutEmit: true };
    const method = METHODS[call.method];
    return call.anonymous === true
      ? api.request<unknown>(method, call.path, call.query, call.body, opts)
      : api.authedRequest<unknown>(method, call.path, call.query, call.body, opts);
  }

  close(): void {
    this.#polling.close();
    this.#others.close();
  }
}
