/** The tester that leads a run: others join it, and play shares of the participants. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { TesterFailure } from '../failure.ts';
import { secretEquals } from '../secret-equals.ts';
import type { Share, ShareCommand, ShareSample } from '../share/messages.ts';
import { SampleBuffer } from '../share/sample-buffer.ts';
import { MOST_BUFFERED_BYTES, MOST_MESSAGE_BYTES, readReport, TESTERS_PROTOCOL } from './protocol.ts';

export interface LeaderOptions {
  /** Address to listen at; testers elsewhere need another one than loopback. */
  host: string;
  port: number;
  /** What testers must know to join. */
  token: string;
  /** How many are waited for. */
  testers: number;
  tell: (trouble: string) => void;
}

const JOIN_WITHIN_MS = 120_000;
const ENDS_WITHIN_MS = 20_000;
const POLL_MS = 100;
/** Silent testers are gone: they report each second. */
const SILENT_AFTER_MS = 15_000;
/** They are looked at each second. What is longer, this machine stood still, and nobody could be heard. */
const LONGEST_LOOK_MS = 2_000;
/** RFC 6455, section 7.4.1. */
const POLICY_VIOLATION = 1_008;

/** Another tester, which plays a share of its own machine. */
class JoinedTester implements Share {
  readonly #socket: WebSocket;
  readonly #samples = new SampleBuffer();
  #silentMs = 0;
  #lookedAt = performance.now();
  #isStopping = false;
  #isStarted = false;
  #lost: string | undefined;

  constructor(socket: WebSocket, tell: (trouble: string) => void) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const report = readReport(data.toString());
      this.#silentMs = 0;
      switch (report?.kind) {
        case 'sample':
          this.#samples.add(report.sample);
          break;
        case 'trouble':
          tell(report.message);
          break;
        case undefined:
          this.#giveUp('a tester that joined says what nobody understands');
          break;
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (!this.#isStopping) this.#lost ??= 'a tester that joined is gone';
    });
  }

  get lost(): string | undefined {
    const now = performance.now();
    this.#silentMs += Math.min(now - this.#lookedAt, LONGEST_LOOK_MS);
    this.#lookedAt = now;
    if (this.#isStarted && this.#silentMs > SILENT_AFTER_MS) this.#giveUp('a tester that joined is silent');
    return this.#lost;
  }

  say(command: ShareCommand): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > MOST_BUFFERED_BYTES) {
      this.#giveUp('a tester that joined reads too slowly');
      return;
    }
    if (command.kind === 'start') {
      this.#isStarted = true;
      this.#silentMs = 0;
    }
    this.#socket.send(JSON.stringify(command));
  }

  take(): ShareSample {
    return this.#samples.take();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, 'close');
    this.say({ kind: 'stop' });
    await Promise.race([closed, delay(ENDS_WITHIN_MS, undefined, { ref: false })]);
    this.#socket.terminate();
  }

  #giveUp(reason: string): void {
    this.#lost ??= reason;
    // It should know why; where it does not answer, the socket is ended all the same.
    this.#socket.close(POLICY_VIOLATION, reason);
  }
}

export class Leader implements AsyncDisposable {
  readonly #options: LeaderOptions;
  readonly #http: Server = createServer((_request, response) => {
    response.writeHead(426).end();
  });
  readonly #sockets: WebSocketServer;
  readonly #joined: JoinedTester[] = [];

  /** Rejects with a TesterFailure where it cannot listen. */
  static async listen(options: LeaderOptions): Promise<Leader> {
    const leader = new Leader(options);
    await new Promise<void>((resolve, reject) => {
      leader.#http.once('error', cause => {
        reject(
          new TesterFailure(`The tester cannot listen at ${options.host}:${options.port}.`, 'Choose another --lead.', {
            cause,
          }),
        );
      });
      leader.#http.listen(options.port, options.host, resolve);
    });
    return leader;
  }

  private constructor(options: LeaderOptions) {
    this.#options = options;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: MOST_MESSAGE_BYTES,
      perMessageDeflate: false,
      handleProtocols: offered => (offered.has(TESTERS_PROTOCOL) ? TESTERS_PROTOCOL : false),
    });
    this.#http.on('upgrade', (request, socket, head) => {
      const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
      const speaks = request.headers['sec-websocket-protocol'] === TESTERS_PROTOCOL;
      const isFull = this.#joined.length >= options.testers;
      const refusal = !secretEquals(token, options.token) ? 401 : !speaks ? 400 : isFull ? 409 : undefined;
      if (refusal !== undefined) {
        socket.end(`HTTP/1.1 ${refusal} Refused\r\nconnection: close\r\n\r\n`);
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, webSocket => {
        this.#joined.push(new JoinedTester(webSocket, options.tell));
      });
    });
  }

  /** Where it listens. */
  get port(): number {
    const address = this.#http.address();
    return address !== null && typeof address === 'object' ? address.port : this.#options.port;
  }

  /** Resolves when all have joined. */
  async all(signal: AbortSignal): Promise<readonly Share[]> {
    const deadline = performance.now() + JOIN_WITHIN_MS;
    while (this.#joined.length < this.#options.testers) {
      signal.throwIfAborted();
      if (performance.now() > deadline) {
        throw new TesterFailure(
          `Of ${this.#options.testers} testers ${this.#joined.length} joined within ${JOIN_WITHIN_MS / 1_000} s.`,
          'Start them with --join and the same --token, or take fewer --testers.',
        );
      }
      await delay(POLL_MS);
    }
    return this.#joined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise(resolve => this.#http.close(resolve));
  }
}
