/** ws /v1/signal: the first frame says who the client is; then frames go to its door, and from there. */
import { WebSocketServer } from 'ws';
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
import type { LineEvents, SignalDoor } from '../ports.ts';
import { endSocket, Line, type LineBounds } from '../websocket/line.ts';
import type { HttpDeps, SignallingDeps } from './deps.ts';
import { refuseUpgrade, type Upgraded } from './upgrades.ts';

export const SIGNAL_PATH = '/v1/signal';

const MOST_SOCKETS = 2_000;
/** From one address, without a hello: who has said who it is, is bounded by its invites. */
const MOST_STRANGERS = 32;
const HELLO_WITHIN_MS = 5_000;
/** Close code for who says no hello in time. */
const LATE = 4408;
/** Two of the largest frames, and some. */
const BOUNDS: LineBounds = {
  pingEveryMs: 10_000,
  silentPings: 2,
  mostWaiting: 1_048_576,
  overflow: 'WEIR_OVERLOADED',
};

export function serveSignal(signalling: SignallingDeps, deps: HttpDeps): Upgraded {
  const strangers = new Map<string, number>();
  const wss = new WebSocketServer({
    noServer: true,
    // Bytes: a character takes three at most.
    maxPayload: MAX_SIGNAL_FRAME_LENGTH * 3,
    perMessageDeflate: false,
    handleProtocols: protocols => (protocols.has(SIGNAL_PROTOCOL) ? SIGNAL_PROTOCOL : false),
  });
  wss.on('wsClientError', (_error, socket) => socket.destroy());
  return {
    take({ request, socket, head, address }) {
      if (wss.clients.size >= MOST_SOCKETS || (strangers.get(address) ?? 0) >= MOST_STRANGERS) {
        refuseUpgrade(socket, 503);
        return;
      }
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
        new Line(ws, BOUNDS, line => new Client(line, signalling, deps, known));
      });
    },
    close() {
      for (const ws of wss.clients) endSocket(ws, 1001, 'WEIR_FOCUS_STOPPING');
      wss.close();
    },
  };
}

/** One WebSocket: a stranger until its hello, then the line of a door. */
class Client implements LineEvents {
  readonly #line: Line;
  readonly #signalling: SignallingDeps;
  readonly #deps: HttpDeps;
  readonly #known: () => void;
  readonly #deadline: NodeJS.Timeout;
  #door: SignalDoor | undefined;

  constructor(line: Line, signalling: SignallingDeps, deps: HttpDeps, known: () => void) {
    this.#line = line;
    this.#signalling = signalling;
    this.#deps = deps;
    this.#known = known;
    this.#deadline = setTimeout(() => line.closeWith(LATE, 'WEIR_BAD_MESSAGE'), HELLO_WITHIN_MS);
  }

  text(frame: string): void {
    if (this.#door === undefined) this.#greet(frame);
    else this.#door.take(frame);
  }

  closed(code: ErrorCode | undefined, byUs: boolean): void {
    clearTimeout(this.#deadline);
    if (this.#door === undefined) return;
    this.#signalling.meters.lineClosed(byUs && code !== undefined ? code : 'client');
    this.#door.closed();
  }

  #greet(text: string): void {
    const frame = parseSignalFrame(text);
    const hello = frame.kind === 'ok' && frame.value.type === HELLO ? parseHello(frame.value.content) : undefined;
    if (hello?.kind !== 'ok') {
      this.#line.close('WEIR_BAD_MESSAGE');
      return;
    }
    try {
      const member = this.#signalling.tokens.verify(hello.value.token);
      const door = this.#signalling.connect(member, hello.value.resume, this.#line);
      this.#door = door;
      this.#signalling.meters.lineOpened();
      this.#known();
      clearTimeout(this.#deadline);
      this.#welcome(door.resumed, hello.value.resume !== undefined);
    } catch (thrown) {
      const { code, message } = asWeirError(thrown);
      this.#deps.countError(code);
      this.#deps.log.info({ code }, `no WebSocket: ${message}`);
      this.#line.close(code);
    }
  }

  #welcome(resumed: boolean, wanted: boolean): void {
    const focus = this.#deps.focusIdentity();
    const content = { resumed, user_id: focus?.userId ?? '', device_id: focus?.deviceId ?? '' };
    this.#line.say(writeSignalFrame(WELCOME, content));
    if (!wanted || resumed) return;
    const { code, message, remedy } = new WeirError('WEIR_NO_SESSION', 'there is no such session to take up');
    this.#line.say(writeSignalFrame(ERROR, { code, message, remedy }));
  }
}
