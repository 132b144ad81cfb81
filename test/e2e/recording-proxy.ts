/** A way to a homeserver that keeps what passes: who asked for what, and what the answer was. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A request that was answered. */
export interface Exchange {
  /** Who asked. */
  accessToken: string | undefined;
  method: string;
  /** Without the query. */
  path: string;
  /** As JSON; `undefined` where there was none. */
  asked: unknown;
  answered: unknown;
}

/** Headers that are the proxy's own, and those that would make bodies unreadable. */
const NOT_HANDED_ON = new Set(['host', 'connection', 'content-length', 'accept-encoding', 'transfer-encoding']);

export class RecordingProxy {
  readonly exchanges: Exchange[] = [];
  readonly #server: Server;
  readonly #target: string;
  readonly #closing = new AbortController();

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      this.#handOn(request, response).catch(() => response.destroy());
    });
  }

  /** Listens on loopback. @param target URL of the homeserver */
  static async open(target: string): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get baseUrl(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  /** What was asked with a token, in the order of the answers. */
  of({ accessToken }: { accessToken: string }): Exchange[] {
    return this.exchanges.filter(exchange => exchange.accessToken === accessToken);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    const body = (await read(request)).toString();
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const answer = await fetch(new URL(url, this.#target), {
      method,
      headers: Object.entries(headers).flatMap(([name, value]): [string, string][] =>
        typeof value === 'string' && !NOT_HANDED_ON.has(name) ? [[name, value]] : [],
      ),
      ...(body === '' ? {} : { body }),
      signal: AbortSignal.any([gone.signal, this.#closing.signal]),
    });
    const text = await answer.text();
    this.exchanges.push({
      accessToken: /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1],
      method,
      path: new URL(url, this.#target).pathname,
      asked: jsonOf(body),
      answered: jsonOf(text),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' });
    response.end(text);
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
