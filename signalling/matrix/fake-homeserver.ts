import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** One request that arrived. */
export interface FakeRequest {
  method: string;
  /** Path after `/_matrix/client/v3`, decoded. */
  path: string;
  query: URLSearchParams;
  body: unknown;
  authorization: string | undefined;
}

/** What to answer: a status with JSON, raw text, or nothing at all. */
export type FakeAnswer =
  | { status?: number; json: unknown; headers?: Record<string, string> }
  | { status?: number; text: string; headers?: Record<string, string> }
  | 'silence'
  /** Headers and half a body, then silence. */
  | 'half a body'
  | 'broken connection';

/** A homeserver that answers as a test says: to see what Synapse cannot be made to do. */
export class FakeHomeserver {
  readonly requests: FakeRequest[] = [];
  /** Connections that were opened. */
  connections = 0;
  #server: Server;
  #answer: (request: FakeRequest) => FakeAnswer | undefined = () => undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeHomeserver> {
    const server = createServer();
    const fake = new FakeHomeserver(server);
    server.on('connection', () => (fake.connections += 1));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      fake.#handle(request, response).catch(() => response.destroy());
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${address.port}`;
  }

  /** What to answer from now on; `undefined` means as a quiet homeserver would. */
  answer(answer: (request: FakeRequest) => FakeAnswer | undefined): void {
    this.#answer = answer;
  }

  /** Requests whose path begins so. */
  to(path: string): FakeRequest[] {
    return this.requests.filter(request => request.path.startsWith(path));
  }

  /** Closes idle connections without a word, as homeservers and proxies do. */
  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>(resolve => {
      this.#server.close(() => resolve());
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    let text = '';
    for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
    const seen: FakeRequest = {
      method: request.method ?? '',
      path: decodeURIComponent(url.pathname.replace('/_matrix/client/v3', '')),
      query: url.searchParams,
      body: text === '' ? undefined : JSON.parse(text),
      authorization: request.headers.authorization,
    };
    this.requests.push(seen);
    const answer = this.#answer(seen) ?? quietAnswer(seen);
    if (answer === 'silence') return;
    if (answer === 'broken connection') {
      request.socket.destroy();
      return;
    }
    if (answer === 'half a body') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"next_');
      return;
    }
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end('json' in answer ? JSON.stringify(answer.json) : answer.text);
  }
}

function quietAnswer({ path, query }: FakeRequest): FakeAnswer {
  if (path === '/account/whoami') return { json: { user_id: '@focus:fake', device_id: 'FOCUS' } };
  if (path !== '/sync') return { json: {} };
  return query.get('timeout') === '0' ? { json: { next_batch: 's0' } } : 'silence';
}
