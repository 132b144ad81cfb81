/** Opens a WebSocket at another focus: with TLS beyond this machine, and not in networks that are ours alone. */
import type { ClientRequestArgs, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { Type } from 'typebox';
import { WebSocket } from 'ws';
import { isLoopback } from '../../config/rules.ts';
import { guardedLookup } from '../../signalling/addresses/reachable.ts';
import { type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import { parserOf } from '../../signalling/wire/parse.ts';
import { MAX_TRUNK_FRAME_LENGTH, trunkProtocol } from '../../signalling/wire/trunk.ts';

/** How long it may take until the WebSocket is open, ms. The next one is tried then. */
const OPENS_WITHIN_MS = 2_000;
const MOST_OF_REFUSAL = 4_096;
const parseRefusal = parserOf('refusal', Type.Object({ code: Type.String({ maxLength: 64 }) }));

export interface Called {
  url: string;
  token: string;
  version: number;
}

export interface DialOptions {
  mayReach: (address: string) => boolean;
  /** Certificates that are trusted beside the system's, PEM: for tests. */
  ca?: string;
}

export interface Dialled {
  open(ws: WebSocket): void;
  /** WEIR_TRUNK_ADDRESS, WEIR_TRUNK_UNREACHABLE, or what the other focus answered. */
  failed(error: WeirError): void;
}

/** Calls either of `outcome` once, later, unless cancelled. */
export function dial(called: Called, options: DialOptions, outcome: Dialled): { cancel(): void } {
  let over = false;
  const fail = (error: WeirError): void => {
    if (over) return;
    over = true;
    outcome.failed(error);
  };
  const barred = whyBarred(called.url, options.mayReach);
  if (barred !== undefined) {
    const soon = setImmediate(() => fail(barred));
    return {
      cancel: () => {
        over = true;
        clearImmediate(soon);
      },
    };
  }
  // `ws` hands it on to the socket.
  const socketOptions: Pick<ClientRequestArgs, 'lookup'> = { lookup: guardedLookup(options.mayReach, privateAddress) };
  const ws = new WebSocket(called.url, trunkProtocol(called.version), {
    ...socketOptions,
    headers: { authorization: `Bearer ${called.token}` },
    handshakeTimeout: OPENS_WITHIN_MS,
    maxPayload: MAX_TRUNK_FRAME_LENGTH * 3,
    perMessageDeflate: false,
    followRedirects: false,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  ws.on('error', thrown => fail(thrown instanceof WeirError ? thrown : unreachable(thrown)));
  ws.on('unexpected-response', (request, response) => {
    readRefusal(response, error => {
      request.destroy();
      fail(error);
    });
  });
  ws.on('open', () => {
    if (over) return ws.terminate();
    over = true;
    outcome.open(ws);
  });
  return {
    cancel: () => {
      if (over) return;
      over = true;
      ws.terminate();
    },
  };
}

function whyBarred(url: string, mayReach: (address: string) => boolean): WeirError | undefined {
  if (!URL.canParse(url)) return new WeirError('WEIR_TRUNK_ADDRESS', 'the URL of the other focus is none');
  const { protocol, hostname, username, password } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol !== 'wss:' && !(protocol === 'ws:' && isLoopback(host)))
    return new WeirError('WEIR_TRUNK_ADDRESS', 'the URL of the other focus has no TLS');
  if (username !== '' || password !== '')
    return new WeirError('WEIR_TRUNK_ADDRESS', 'the URL of the other focus names a user');
  return isIP(host) !== 0 && !mayReach(host) ? privateAddress() : undefined;
}

function privateAddress(): WeirError {
  return new WeirError('WEIR_TRUNK_ADDRESS', 'the URL of the other focus has a private address');
}

function unreachable(thrown: Error): WeirError {
  const code: unknown = Reflect.get(thrown, 'code');
  const why = typeof code === 'string' ? code : 'no answer';
  return new WeirError('WEIR_TRUNK_UNREACHABLE', `the other focus cannot be reached (${why})`);
}

/** What an HTTP answer in place of a WebSocket says; at once where it says nothing. */
function readRefusal(response: IncomingMessage, done: (error: WeirError) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MOST_OF_REFUSAL) chunks.push(chunk);
    else response.destroy();
  });
  response.on('error', () => undefined);
  response.on('close', () => {
    const code = refusalOf(Buffer.concat(chunks).toString('utf8'));
    done(new WeirError(code, `the other focus refuses it (HTTP ${response.statusCode ?? 0})`));
  });
}

/** Only codes that mean something here: the other focus is a stranger. */
const REFUSALS: readonly ErrorCode[] = [
  'WEIR_TOKEN_REFUSED',
  'WEIR_TRUNK_NOT_NAMED',
  'WEIR_TRUNK_DENIED',
  'WEIR_TRUNK_VERSION',
  'WEIR_TRUNK_LIMIT',
  'WEIR_STARTING',
  'WEIR_FOCUS_STOPPING',
];

function refusalOf(text: string): ErrorCode {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'WEIR_TRUNK_UNREACHABLE';
  }
  const parsed = parseRefusal(json);
  const said = parsed.kind === 'ok' ? parsed.value.code : '';
  return REFUSALS.find(code => code === said) ?? 'WEIR_TRUNK_UNREACHABLE';
}
