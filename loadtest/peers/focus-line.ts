/** The fast way to a focus: a WebSocket that a token of the focus opens (docs/protocol.md, "Fast signalling"). */
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import {
  parseSignalFrame,
  parseWelcome,
  SIGNAL_PROTOCOL,
  type SignalFrame,
  WELCOME,
  writeHello,
  writeSignalFrame,
} from '../../signalling/wire/signal.ts';
import type { LinkEvents, SignallingLink } from './signalling-link.ts';

/** Where a focus takes it. */
export interface FocusDoor {
  /** POST: a token. */
  tokenUrl: string;
  /** ws or wss. */
  socketUrl: string;
}

/** Who is to be called, and how its homeserver says who the peer is. */
export interface FocusLineOptions {
  door: FocusDoor;
  focusUserId: string;
  roomId: string;
  confId: string;
  deviceId: string;
  /** Asks the homeserver for an OpenID token. */
  openIdToken(): Promise<unknown>;
  sendState: SignallingLink['sendState'];
}

const OPENS_WITHIN_MS = 10_000;
const CLOSES_WITHIN_MS = 1_000;
const PAUSE_MS = 500;
/** More waits for a focus that does not read. */
const MOST_BUFFERED_BYTES = 1_048_576;

export class FocusLine implements SignallingLink {
  readonly #options: FocusLineOptions;
  readonly #closing = new AbortController();
  #events: LinkEvents | undefined;
  #socket: WebSocket | undefined;
  #token: string | undefined;
  /** The session that it carries: the one that was invited over it. */
  #session: { callId: string; sessionId: string } | undefined;
  #again: Promise<void> = Promise.resolve();

  constructor(options: FocusLineOptions) {
    this.#options = options;
  }

  async open(events: LinkEvents): Promise<void> {
    this.#events = events;
    await this.#connect();
  }

  /** Rejects where the WebSocket is cut: it is opened again by itself. */
  sendToDevice(_userId: string, _deviceId: string, type: string, content: unknown): Promise<void> {
    const call = Object(content) as Record<string, unknown>;
    if (type === 'm.call.invite') {
      this.#session = { callId: String(call['call_id']), sessionId: String(call['sender_session_id']) };
    }
    if (this.#write(writeSignalFrame(type, call))) return Promise.resolve();
    return Promise.reject(new Error(`${type}: the WebSocket to the focus is cut`));
  }

  sendState(roomId: string, type: string, stateKey: string, content: unknown): Promise<void> {
    return this.#options.sendState(roomId, type, stateKey, content);
  }

  sendControl(text: string): boolean {
    return this.#session !== undefined && this.#write(text);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const socket = this.#socket;
    if (socket !== undefined && socket.readyState !== WebSocket.CLOSED) {
      const closed = new Promise(resolve => socket.once('close', resolve));
      socket.close();
      await Promise.race([closed, delay(CLOSES_WITHIN_MS)]);
      socket.terminate();
    }
    await this.#again;
  }

  #write(text: string): boolean {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > MOST_BUFFERED_BYTES) return false;
    socket.send(text);
    return true;
  }

  async #connect(): Promise<void> {
    this.#token ??= await this.#askToken();
    const socket = new WebSocket(this.#options.door.socketUrl, SIGNAL_PROTOCOL, {
      perMessageDeflate: false,
      handshakeTimeout: OPENS_WITHIN_MS,
    });
    this.#socket = socket;
    const resume = this.#session;
    const token = this.#token;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        socket.terminate();
      }, OPENS_WITHIN_MS);
      let isWelcome = false;
      socket.on('open', () => {
        socket.send(writeHello({ token, ...(resume === undefined ? {} : { resume }) }));
      });
      // The close that follows an error tells the same.
      socket.on('error', () => undefined);
      socket.on('message', (data: Buffer) => {
        const frame = parseSignalFrame(data.toString());
        if (frame.kind === 'bad') return;
        if (isWelcome) {
          this.#hear(frame.value, data.toString());
          return;
        }
        if (frame.value.type !== WELCOME || parseWelcome(frame.value.content).kind === 'bad') return;
        isWelcome = true;
        clearTimeout(late);
        resolve();
      });
      socket.on('close', code => {
        clearTimeout(late);
        if (isWelcome) this.#cut();
        else {
          // It may have been the token's fault.
          this.#token = undefined;
          reject(new Error(`the focus does not welcome the WebSocket (${code})`));
        }
      });
    });
  }

  #hear({ type, content }: SignalFrame, text: string): void {
    // What names a call stands for a to-device message, the rest is control.
    if (typeof content['call_id'] !== 'string') this.#events?.control(text);
    else this.#events?.toDevice({ type, sender: this.#options.focusUserId, content });
  }

  #cut(): void {
    if (this.#closing.signal.aborted) return;
    this.#again = this.#again.then(() => this.#reconnect());
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await delay(PAUSE_MS, undefined, { signal });
        await this.#connect();
        return;
      } catch {
        // It is closing; or the focus is away or refuses: the session goes on over the other doors, and this one is tried again.
      }
    }
  }

  async #askToken(): Promise<string> {
    const { door, roomId, confId, deviceId } = this.#options;
    const answer = await fetch(door.tokenUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        room_id: roomId,
        conf_id: confId,
        device_id: deviceId,
        openid_token: await this.#options.openIdToken(),
      }),
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(OPENS_WITHIN_MS)]),
    });
    const body: unknown = await answer.json();
    const token: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'token') : undefined;
    if (!answer.ok || typeof token !== 'string') throw new Error(`the focus gives no token (${answer.status})`);
    return token;
  }
}

/** Where the focus at this address takes fast signalling (GET /v1/focus). Rejects where it does not, or nobody answers. */
export async function findDoor(focusUrl: string): Promise<FocusDoor> {
  const answer = await fetch(new URL('/v1/focus', focusUrl), { signal: AbortSignal.timeout(OPENS_WITHIN_MS) });
  const body: unknown = answer.ok ? await answer.json() : undefined;
  const signalling: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'signalling') : undefined;
  const read = (key: string): string | undefined => {
    const value: unknown =
      typeof signalling === 'object' && signalling !== null ? Reflect.get(signalling, key) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const [path, tokenPath] = [read('path'), read('token_path')];
  if (path === undefined || tokenPath === undefined) throw new Error(`${focusUrl} has no fast signalling`);
  const socket = new URL(path, focusUrl);
  socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:';
  return { tokenUrl: new URL(tokenPath, focusUrl).href, socketUrl: socket.href };
}
