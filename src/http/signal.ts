/** ws /v1/signal: the first frame says who the client is; then frames go to its door, and from there. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import proxyAddress from '@fastify/proxy-addr';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { asWeirError, type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import {
  ERROR,
  HELLO,
  MAX_SIGNAL_FRAME_LENGTH,
  parseHello,
  parseSignalFrame,
  SIGNAL_PROTOCOL,
  WELCOME,
  writeSignalFrame,
} from '../../signalling/wire/signal.ts';
import type { SignalDoor, SignalLine } from '../ports.ts';
import type { HttpDeps, SignallingDeps } from './deps.ts';
import type { OwnedServer } from './server.ts';

export const SIGNAL_PATH = '/v1/signal';

const MOST_SOCKETS = 2_000;
/** From one address, without a hello: who has said who it is, is bounded by its invites. */
const MOST_STRANGERS = 32;
const HELLO_WITHIN_MS = 5_000;
const PING_EVERY_MS = 10_000;
const SILENT_AFTER_MS = 25_000;
/** Bytes that wait for a slow reader: two of the largest frames, and some. */
const MOST_WAITING = 1_048_576;
/** How long a closing handshake may take, ms. */
const CLOSES_WITHIN_MS = 2_000;
const STRANGERS_CODES = { badFrame: 4400, late: 4408 } as const;

/** Close code of the WebSocket for each of our codes (RFC 6455, section 7.4.2: 4000 to 4999 are ours). */
function closeCodeOf(code: ErrorCode): number {
  switch (code) {
    case 'WEIR_TOKEN_REFUSED':
      return 4401;
    case 'WEIR_REPLACED':
      return 4409;
    case 'WEIR_TOO_MANY_MESSAGES':
      return 4429;
    case 'WEIR_OVERLOADED':
      return 4413;
    case 'WEIR_STARTING':
    case 'WEIR_FOCUS_STOPPING':
      return 1001;
    case 'WEIR_BAD_MESSAGE':
      return STRANGERS_CODES.badFrame;
    default:
      return 1011;
  }
}

/** Takes WebSockets from the servers. Undefined where fast signalling is switched off. `close()` ends all of them. */
export function serveSignal(servers: readonly OwnedServer[], deps: HttpDeps): { close(): void } | undefined {
  const { signalling, config } = deps;
  if (signalling === undefined) return undefined;
  const trusted = proxyAddress.compile(config.trustedProxies);
  const strangers = new Map<string, number>();
  const wss = new WebSocketServer({
    noServer: true,
    // Bytes: a character takes three at most.
    maxPayload: MAX_SIGNAL_FRAME_LENGTH * 3,
    perMessageDeflate: false,
    handleProtocols: protocols => (protocols.has(SIGNAL_PROTOCOL) ? SIGNAL_PROTOCOL : false),
  });
  wss.on('wsClientError', (_error, socket) => socket.destroy());
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const address = addressOf(request, trusted);
    const [path] = (request.url ?? '').split('?', 1);
    if (path !== SIGNAL_PATH) return refuse(socket, 404);
    if (wss.clients.size >= MOST_SOCKETS || (strangers.get(address) ?? 0) >= MOST_STRANGERS) return refuse(socket, 503);
    wss.handleUpgrade(request, socket, head, ws => {
      strangers.set(address, (strangers.get(address) ?? 0) + 1);
      let counted = true;
      const known = (): void => {
        if (!counted) return;
        counted = false;
        const left = (strangers.get(address) ?? 1) - 1;
        if (left > 0) strangers.set(address, left);
        else strangers.delete(address);
      };
      ws.on('close', known);
      new Client(ws, signalling, deps, known);
    });
  };
  for (const { server } of servers) server.on('upgrade', upgrade);
  return {
    close() {
      for (const ws of wss.clients) end(ws, 1001, 'WEIR_FOCUS_STOPPING');
      wss.close();
    },
  };
}

/** Who asks, past the proxies that are known as such; one of them where its header is not an address. */
function addressOf(request: IncomingMessage, trusted: (address: string, hops: number) => boolean): string {
  try {
    return proxyAddress(request, trusted);
  } catch {
    return request.socket.remoteAddress ?? '';
  }
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${status === 404 ? 'Not Found' : 'Service Unavailable'}\r\nConnection: close\r\n\r\n`);
}

function end(ws: WebSocket, code: number, reason: string): void {
  ws.close(code, reason);
  // A peer that does not answer the closing handshake keeps nothing here.
  const late = setTimeout(() => ws.terminate(), CLOSES_WITHIN_MS);
  ws.once('close', () => clearTimeout(late));
}

/** One WebSocket: a stranger until its hello, then the line of a door. */
class Client implements SignalLine {
  readonly #ws: WebSocket;
  readonly #signalling: SignallingDeps;
  readonly #deps: HttpDeps;
  readonly #known: () => void;
  #door: SignalDoor | undefined;
  #heardAt = Date.now();
  #closing = false;
  #closedFor: ErrorCode | 'client' = 'client';
  readonly #deadline: NodeJS.Timeout;
  readonly #pinging: NodeJS.Timeout;

  constructor(ws: WebSocket, signalling: SignallingDeps, deps: HttpDeps, known: () => void) {
    this.#ws = ws;
    this.#signalling = signalling;
    this.#deps = deps;
    this.#known = known;
    this.#deadline = setTimeout(() => this.#end(STRANGERS_CODES.late, 'WEIR_BAD_MESSAGE'), HELLO_WITHIN_MS);
    this.#pinging = setInterval(() => this.#ping(), PING_EVERY_MS);
    ws.on('message', (data, isBinary) => this.#take(data, isBinary));
    ws.on('pong', () => {
      this.#heardAt = Date.now();
    });
    // Says itself why, and closes.
    ws.on('error', () => undefined);
    ws.on('close', () => this.#closed());
  }

  say(frame: string): boolean {
    if (this.#closing || this.#ws.readyState !== WebSocket.OPEN) return false;
    if (this.#ws.bufferedAmount + frame.length > MOST_WAITING) {
      this.close('WEIR_OVERLOADED');
      return false;
    }
    this.#ws.send(frame);
    return true;
  }

  close(code: ErrorCode): void {
    this.#end(closeCodeOf(code), code);
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.#closing) return;
    this.#heardAt = Date.now();
    if (isBinary || !Buffer.isBuffer(data)) {
      this.close('WEIR_BAD_MESSAGE');
      return;
    }
    const text = data.toString('utf8');
    if (this.#door === undefined) this.#greet(text);
    else this.#door.take(text);
  }

  #greet(text: string): void {
    const frame = parseSignalFrame(text);
    const hello = frame.kind === 'ok' && frame.value.type === HELLO ? parseHello(frame.value.content) : undefined;
    if (hello?.kind !== 'ok') {
      this.close('WEIR_BAD_MESSAGE');
      return;
    }
    try {
      const member = this.#signalling.tokens.verify(hello.value.token);
      const door = this.#signalling.connect(member, hello.value.resume, this);
      this.#door = door;
      this.#signalling.meters.lineOpened();
      this.#known();
      clearTimeout(this.#deadline);
      this.#welcome(door.resumed, hello.value.resume !== undefined);
    } catch (thrown) {
      const { code, message } = asWeirError(thrown);
      this.#deps.countError(code);
      this.#deps.log.info({ code }, `no WebSocket: ${message}`);
      this.close(code);
    }
  }

  #welcome(resumed: boolean, wanted: boolean): void {
    const focus = this.#deps.focusIdentity();
    this.say(writeSignalFrame(WELCOME, { resumed, user_id: focus?.userId ?? '', device_id: focus?.deviceId ?? '' }));
    if (!wanted || resumed) return;
    const { code, message, remedy } = new WeirError('WEIR_NO_SESSION', 'there is no such session to take up');
    this.say(writeSignalFrame(ERROR, { code, message, remedy }));
  }

  #ping(): void {
    if (Date.now() - this.#heardAt > SILENT_AFTER_MS) this.#ws.terminate();
    else if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping();
  }

  #end(code: number, reason: ErrorCode): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#closedFor = reason;
    end(this.#ws, code, reason);
  }

  #closed(): void {
    clearTimeout(this.#deadline);
    clearInterval(this.#pinging);
    this.#closing = true;
    if (this.#door === undefined) return;
    this.#signalling.meters.lineClosed(this.#closedFor);
    this.#door.closed();
  }
}
