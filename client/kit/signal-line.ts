/**
 * The WebSocket to the focus: opened in advance, opened again when it was cut. It outlives sessions, and carries one at a time:
 * the one that was invited over it, or was taken up by its hello.
 */
import { askedWaitMs, backoffMs } from './backoff.ts';
import { NoToken, type TokenSource } from './signal-token.ts';
import {
  ERROR,
  parseControl,
  parseSignalFrame,
  parseWelcome,
  SIGNAL_PROTOCOL,
  type SignalFrame,
  WELCOME,
  writeControl,
  writeHello,
} from './wire.ts';

/** Which session a line carries. */
export interface CarriedCall {
  callId: string;
  sessionId: string;
}

export interface SignalLineEvents {
  /** The line can take an invite; where it carries a session, that one goes on over it. */
  opened(): void;
  /** What was sent last may be lost. */
  cut(): void;
  /** The focus said something; `text` is the whole frame. */
  frame(frame: SignalFrame, text: string): void;
  /** The focus does not know the session that was to be taken up. */
  unknown(callId: string): void;
}

/** From the first byte to the welcome, in ms. */
const OPEN_TIMEOUT_MS = 8_000;
/** The same where a session's path is broken: a connection that was begun in the dark is not worth waiting for. */
const HURRIED_OPEN_TIMEOUT_MS = 2_000;
/** Longest pause between two attempts then, in ms. */
const HURRIED_PAUSE_MS = 50;
/** An attempt that was begun before the network came back hangs; younger ones may not. */
const YOUNG_MS = 1_000;
/** The focus answers a ping at once. */
const PROBE_TIMEOUT_MS = 2_000;
/** A line that held so long was a good one: what cut it is new. */
const HELD_MS = 5_000;
const RENEW_AT_MOST_EVERY_MS = 30_000;
/** Most bytes that may wait in the browser; more is a line that nobody reads. */
const MAX_BUFFERED = 1_048_576;
/** WebSocket.readyState. */
const OPEN = 1;
/** Close code of the focus: the token was refused. */
const TOKEN_REFUSED = 4401;
/** Close code of the focus: another socket carries the session now. */
const TAKEN_UP = 4409;

type State =
  | { kind: 'shut' }
  | { kind: 'waiting' }
  | { kind: 'opening'; since: number; resume: CarriedCall | undefined; isRefused: boolean }
  | { kind: 'open'; since: number; carries: string | undefined };

export class SignalLine {
  readonly #url: string;
  readonly #token: TokenSource;
  readonly #events: SignalLineEvents;
  #state: State = { kind: 'shut' };
  #call: CarriedCall | undefined;
  /** Ends the listeners of the socket of now, and with them what is left of an attempt. */
  #attempt = new AbortController();
  #socket: WebSocket | undefined;
  #failures = 0;
  #hurries = false;
  /** The refusal of a resume comes as a welcome and as an error. */
  #refusalDue = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #probe: ReturnType<typeof setTimeout> | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;

  /** @param url ws or wss */
  constructor(url: string, token: TokenSource, events: SignalLineEvents) {
    this.#url = url;
    this.#token = token;
    this.#events = events;
  }

  /** Since when it is open, in ms since 1970. */
  get openSince(): number | undefined {
    return this.#state.kind === 'open' ? this.#state.since : undefined;
  }

  get isOpen(): boolean {
    return this.#state.kind === 'open';
  }

  /** It was closed, by us or by the focus, and stays so. */
  get isShut(): boolean {
    return this.#state.kind === 'shut';
  }

  carries(callId: string): boolean {
    return this.#state.kind === 'open' && this.#state.carries === callId;
  }

  /** Opens it, and keeps it open until `close()`. */
  open(): void {
    if (this.#state.kind === 'shut') this.#try();
  }

  /** Sends the invite of a call, which it carries from then on. False where it is not open. */
  invite(call: CarriedCall, frame: string): boolean {
    if (this.#state.kind !== 'open' || !this.#write(frame)) return false;
    this.#state.carries = call.callId;
    this.#call = call;
    return true;
  }

  /** Sends a frame of the session that it carries; false where it does not. */
  say(callId: string, frame: string): boolean {
    return this.carries(callId) && this.#write(frame);
  }

  /** Takes up a session that was invited another way: the next hello names it. */
  take(call: CarriedCall): void {
    if (this.carries(call.callId)) return;
    this.#call = call;
    const { kind } = this.#state;
    const isGreeted = this.#socket?.readyState === OPEN;
    if (kind === 'open' || (kind === 'opening' && isGreeted)) this.#try();
  }

  /** The session is over. */
  release(callId: string): void {
    if (this.#call?.callId === callId) this.#call = undefined;
    if (this.carries(callId) && this.#state.kind === 'open') this.#state.carries = undefined;
  }

  /** The path of the session is broken, so that it hangs on this line; or not any more. */
  hurry(hurries: boolean): void {
    if (hurries === this.#hurries) return;
    this.#hurries = hurries;
    if (hurries) this.check();
  }

  /** Something hints that the network changed: sees whether the line still holds, and tries at once where it does not. */
  check(): void {
    switch (this.#state.kind) {
      case 'shut':
        return;
      case 'waiting':
        this.#try();
        return;
      case 'opening':
        if (Date.now() - this.#state.since > YOUNG_MS) this.#try();
        return;
      case 'open':
        if (this.#probe !== undefined) return;
        this.#write(writeControl({ kind: 'ping' }));
        this.#probe = setTimeout(() => this.cut(), PROBE_TIMEOUT_MS);
    }
  }

  /** Gives the socket up, and opens another. */
  cut(): void {
    if (this.#state.kind !== 'shut') this.#failed();
  }

  /** For good. */
  close(): void {
    this.#drop();
    this.#state = { kind: 'shut' };
  }

  #try(): void {
    const was = this.#state;
    this.#drop();
    this.#state = { kind: 'opening', since: Date.now(), resume: undefined, isRefused: false };
    if (was.kind === 'open') this.#events.cut();
    this.#timer = setTimeout(() => this.#failed(), this.#hurries ? HURRIED_OPEN_TIMEOUT_MS : OPEN_TIMEOUT_MS);
    const { signal } = this.#attempt;
    this.#token.get().then(
      token => {
        if (!signal.aborted) this.#connect(token, signal);
      },
      (thrown: unknown) => {
        if (!signal.aborted) this.#failed(thrown instanceof NoToken ? thrown.retryAfterMs : 0);
      },
    );
  }

  #connect(token: string, signal: AbortSignal): void {
    const socket = new WebSocket(this.#url, [SIGNAL_PROTOCOL]);
    this.#socket = socket;
    socket.addEventListener(
      'open',
      () => {
        if (this.#state.kind === 'opening') this.#state.resume = this.#call;
        const resume = this.#call;
        socket.send(writeHello({ token, ...(resume === undefined ? {} : { resume }) }));
      },
      { signal },
    );
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.#heard(data), { signal });
    socket.addEventListener('close', ({ code }) => this.#closed(code), { signal });
  }

  #heard(data: unknown): void {
    clearTimeout(this.#probe);
    this.#probe = undefined;
    const parsed = typeof data === 'string' ? parseSignalFrame(data) : undefined;
    // Later versions of the protocol say more than we know.
    if (typeof data !== 'string' || parsed?.kind !== 'ok') return;
    const frame = parsed.value;
    if (this.#state.kind === 'opening') this.#takeWelcome(frame, this.#state);
    else if (!this.#isRefusal(data)) this.#events.frame(frame, data);
  }

  #takeWelcome({ type, content }: SignalFrame, opening: Extract<State, { kind: 'opening' }>): void {
    if (type === ERROR) opening.isRefused = true;
    if (type !== WELCOME) return;
    const { resume, isRefused } = opening;
    const welcome = parseWelcome(content);
    if (welcome.kind === 'bad') return;
    clearTimeout(this.#timer);
    const { resumed } = welcome.value;
    this.#state = { kind: 'open', since: Date.now(), carries: resumed ? resume?.callId : undefined };
    this.#refusalDue = resume !== undefined && !resumed && !isRefused;
    this.#renewLater();
    this.#events.opened();
    if (resume === undefined || resumed) return;
    this.release(resume.callId);
    this.#events.unknown(resume.callId);
  }

  /** Whether the frame is the error beside a welcome that said the same: a session that is new by now must not hear it. */
  #isRefusal(text: string): boolean {
    if (!this.#refusalDue) return false;
    const said = parseControl(text);
    if (said.kind !== 'ok' || said.value.kind !== 'error' || said.value.code !== 'WEIR_NO_SESSION') return false;
    this.#refusalDue = false;
    return true;
  }

  #closed(code: number): void {
    if (code === TOKEN_REFUSED) this.#token.refused();
    if (code !== TAKEN_UP) {
      this.#failed();
      return;
    }
    const was = this.#state;
    this.close();
    if (was.kind === 'open') this.#events.cut();
  }

  /** @param retryAfterMs what the focus asks for */
  #failed(retryAfterMs = 0): void {
    const was = this.#state;
    this.#drop();
    this.#state = { kind: 'waiting' };
    if (was.kind === 'open' && Date.now() - was.since >= HELD_MS) this.#failures = 0;
    const pause = backoffMs(this.#failures, Math.random());
    const asked = askedWaitMs(retryAfterMs, Math.random());
    this.#timer = setTimeout(
      () => this.#try(),
      Math.max(asked, this.#hurries ? Math.min(pause, HURRIED_PAUSE_MS) : pause),
    );
    this.#failures += 1;
    if (was.kind === 'open') this.#events.cut();
  }

  #write(frame: string): boolean {
    const socket = this.#socket;
    // One that closes would swallow the frame.
    if (socket?.readyState !== OPEN || socket.bufferedAmount > MAX_BUFFERED) return false;
    socket.send(frame);
    return true;
  }

  #renewLater(): void {
    clearTimeout(this.#renewal);
    const afterMs = Math.max(RENEW_AT_MOST_EVERY_MS, this.#token.freshForMs);
    this.#renewal = setTimeout(() => {
      this.#token.renew().then(
        () => this.#renewLater(),
        // The old one may do, and the next attempt asks again.
        () => this.#renewLater(),
      );
    }, afterMs);
  }

  #drop(): void {
    for (const timer of [this.#timer, this.#probe, this.#renewal]) clearTimeout(timer);
    this.#probe = undefined;
    this.#attempt.abort();
    this.#attempt = new AbortController();
    this.#socket?.close();
    this.#socket = undefined;
  }
}
