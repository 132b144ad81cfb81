/** One WebSocket as the focus has it, whoever dialled: bounded, and watched for silence. */
import { type RawData, WebSocket } from 'ws';
import type { ErrorCode } from '../../signalling/wire/errors.ts';
import type { LineEvents, TrunkLine } from '../ports.ts';
import { closeCodeOf, codeOfReason } from './close-codes.ts';

export interface LineBounds {
  /** Pings in a row that may stay without a word from the other end; the next one ends the WebSocket. */
  silentPings: number;
  pingEveryMs: number;
  /** Bytes that wait for a slow reader, and the code with which it is closed. */
  mostWaiting: number;
  overflow: ErrorCode;
}

/** How long a closing handshake may take, ms. */
const CLOSES_WITHIN_MS = 2_000;

/** Closes a WebSocket; a peer that does not answer the closing handshake keeps nothing here. */
export function endSocket(ws: WebSocket, code: number, reason: string): void {
  ws.close(code, reason);
  const late = setTimeout(() => ws.terminate(), CLOSES_WITHIN_MS);
  ws.once('close', () => clearTimeout(late));
}

/** Text frames only: another one ends it with WEIR_BAD_MESSAGE. */
export class Line implements TrunkLine {
  readonly #ws: WebSocket;
  readonly #bounds: LineBounds;
  readonly #events: LineEvents;
  readonly #pinging: NodeJS.Timeout;
  /** Pings since anything was heard. Counted, not timed: a focus that was busy has not listened meanwhile. */
  #unheard = 0;
  #pingedAt = 0;
  #holding: NodeJS.Timeout | undefined;
  #closedFor: ErrorCode | undefined;

  /** @param ws open @param eventsOf is given the line before anything is read */
  constructor(ws: WebSocket, bounds: LineBounds, eventsOf: (line: Line) => LineEvents) {
    this.#ws = ws;
    this.#bounds = bounds;
    this.#events = eventsOf(this);
    this.#pinging = setInterval(() => this.#ping(), bounds.pingEveryMs);
    ws.on('message', (data, isBinary) => this.#take(data, isBinary));
    ws.on('pong', () => this.#ponged());
    ws.on('ping', () => {
      this.#unheard = 0;
    });
    // Says itself why, and closes.
    ws.on('error', () => undefined);
    ws.on('close', (_code, reason) => this.#closed(reason));
  }

  say(frame: string): boolean {
    if (this.#closedFor !== undefined || this.#ws.readyState !== WebSocket.OPEN) return false;
    if (this.#ws.bufferedAmount + frame.length > this.#bounds.mostWaiting) {
      this.close(this.#bounds.overflow);
      return false;
    }
    this.#ws.send(frame);
    return true;
  }

  hold(ms: number): void {
    if (this.#holding !== undefined || this.#ws.readyState !== WebSocket.OPEN) return;
    this.#ws.pause();
    this.#holding = setTimeout(() => {
      this.#holding = undefined;
      this.#ws.resume();
    }, ms);
  }

  close(code: ErrorCode): void {
    this.closeWith(closeCodeOf(code), code);
  }

  /** The same with a close code of one's own. */
  closeWith(closeCode: number, code: ErrorCode): void {
    if (this.#closedFor !== undefined) return;
    this.#closedFor = code;
    // A held socket would not see the closing handshake.
    this.#ws.resume();
    endSocket(this.#ws, closeCode, code);
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.#closedFor !== undefined) return;
    this.#unheard = 0;
    if (isBinary || !Buffer.isBuffer(data)) this.close('WEIR_BAD_MESSAGE');
    else this.#events.text(data.toString('utf8'));
  }

  #ping(): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (this.#holding === undefined) this.#unheard += 1;
    if (this.#unheard > this.#bounds.silentPings) {
      this.#ws.terminate();
      return;
    }
    this.#pingedAt = performance.now();
    this.#ws.ping();
  }

  #ponged(): void {
    this.#unheard = 0;
    this.#events.roundTrip?.(performance.now() - this.#pingedAt);
  }

  #closed(reason: Buffer): void {
    clearInterval(this.#pinging);
    clearTimeout(this.#holding);
    const byUs = this.#closedFor !== undefined;
    this.#events.closed(this.#closedFor ?? codeOfReason(reason.toString('utf8')), byUs);
  }
}
