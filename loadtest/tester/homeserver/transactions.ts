/** Listens for the homeserver's transactions, and hands on the to-device events in them (MSC2409). */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { TesterFailure } from '../failure.ts';
import { secretEquals } from '../secret-equals.ts';
import type { ForwardedToDevice } from '../share/messages.ts';
import type { Registration } from './registration.ts';

const MOST_BYTES = 32 * 1_048_576;
/** Transactions that a homeserver may send again: their ids are known for so long. */
const MOST_KNOWN = 1_000;

const Id = Type.String({ maxLength: 255 });
const ToDevice = Type.Object({
  type: Id,
  sender: Id,
  to_user_id: Id,
  to_device_id: Id,
  content: Type.Unknown(),
});
const transaction = Compile(
  Type.Object({
    'de.sorunome.msc2409.to_device': Type.Optional(Type.Array(Type.Unknown(), { maxItems: 100_000 })),
    to_device: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 100_000 })),
  }),
);
const toDevice = Compile(ToDevice);

/** The to-device events of a transaction; those that cannot be read are left out. */
export function readTransaction(body: unknown): ForwardedToDevice[] {
  if (!transaction.Check(body)) return [];
  const events = body.to_device ?? body['de.sorunome.msc2409.to_device'] ?? [];
  return events.flatMap(event =>
    toDevice.Check(event)
      ? [
          {
            userId: event.to_user_id,
            deviceId: event.to_device_id,
            type: event.type,
            sender: event.sender,
            content: event.content,
          },
        ]
      : [],
  );
}

export class Transactions implements AsyncDisposable {
  readonly #server: Server;
  readonly #hsToken: string;
  readonly #known = new Set<string>();
  #take: (events: ForwardedToDevice[]) => void = () => undefined;

  /** Rejects with a TesterFailure where the port of the registration's URL is not free here. */
  static async listen({ url, hsToken }: Registration): Promise<Transactions> {
    const { hostname, port, protocol } = new URL(url);
    const transactions = new Transactions(hsToken);
    const server = transactions.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', cause => {
        const remedy = 'Free the port, or write a registration with another --url.';
        reject(new TesterFailure(`The tester cannot listen at ${url}.`, remedy, { cause }));
      });
      server.listen(Number(port) || (protocol === 'https:' ? 443 : 80), hostname.replace(/^\[|\]$/g, ''), resolve);
    });
    return transactions;
  }

  private constructor(hsToken: string) {
    this.#hsToken = hsToken;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => {
        response.writeHead(400).end('{}');
      });
    });
  }

  /** Events go there from now on. */
  handTo(take: (events: ForwardedToDevice[]) => void): void {
    this.#take = take;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://tester');
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? searchParams.get('access_token') ?? '';
    response.setHeader('content-type', 'application/json');
    if (!secretEquals(token, this.#hsToken)) {
      response.writeHead(403).end('{"errcode":"M_FORBIDDEN"}');
      return;
    }
    const id = /\/transactions\/([^/]+)$/.exec(pathname)?.[1];
    if (id === undefined || request.method !== 'PUT') {
      // Pings are welcome; users and rooms that the homeserver asks for are not made on demand.
      const isPing = pathname.endsWith('/ping');
      response.writeHead(isPing ? 200 : 404).end(isPing ? '{}' : '{"errcode":"M_NOT_FOUND"}');
      return;
    }
    const body: unknown = JSON.parse(await readBody(request));
    if (!this.#known.has(id)) {
      this.#remember(id);
      this.#take(readTransaction(body));
    }
    response.writeHead(200).end('{}');
  }

  #remember(id: string): void {
    this.#known.add(id);
    const [oldest] = this.#known;
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const buffer = Buffer.from(part as Uint8Array);
    bytes += buffer.length;
    if (bytes > MOST_BYTES) throw new RangeError('the transaction is too large');
    parts.push(buffer);
  }
  return Buffer.concat(parts).toString();
}
