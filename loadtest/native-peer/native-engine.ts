/** A process that holds the media side of many peers. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Command, type Latency, type PeerFigures, readSaid, type Said } from './messages.ts';

const MEDIA_FOLDER = fileURLToPath(new URL('../media', import.meta.url));
const START_TIMEOUT_MS = 10_000;
const REPORT_TIMEOUT_MS = 10_000;
const REPORT_EVERY_MS = 1_000;
/** How long a process may take to end when its input has. */
const END_TIMEOUT_MS = 2_000;

/** What the engine says of one peer. */
export type SaidOfPeer = Extract<Said, { peer: number }> | { say: 'figures'; figures: PeerFigures };

export class NativeEngine {
  /** SHA-256 of the certificate that all of its peers show. */
  readonly fingerprint: string;
  /** Commands that it did not do, and why it ended where nobody ended it; the latest hundred. */
  readonly complaints: string[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #listeners = new Map<number, (said: SaidOfPeer) => void>();
  readonly #exited: Promise<void>;
  readonly #timer: NodeJS.Timeout;
  readonly #reporting: PromiseWithResolvers<Latency | undefined>[] = [];
  #reportedAt = 0;
  #lastPeer = 0;
  #ended = false;

  /** Starts the binary that setup/load-peer.ts builds. Rejects where it does not start. */
  static async start(binary: string): Promise<NativeEngine> {
    const child = spawn(binary, [MEDIA_FOLDER], { stdio: ['pipe', 'pipe', 'pipe'] });
    const lines = createInterface({ input: child.stdout });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const timer = setTimeout(() => reject(new Error(`${binary} does not say that it is ready`)), START_TIMEOUT_MS);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${binary} ended at once`)));
    lines.once('line', resolve);
    try {
      const said = readSaid(await promise);
      if (said.say !== 'ready') throw new Error(`${binary} said ${said.say} first`);
      return new NativeEngine(child, lines, said.fingerprint);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    lines: NodeJS.EventEmitter,
    fingerprint: string,
  ) {
    this.#child = child;
    this.fingerprint = fingerprint;
    lines.on('line', (line: string) => {
      this.#take(line);
    });
    child.stderr.on('data', (text: Buffer) => {
      this.#complain(text.toString().trim());
    });
    child.stdin.on('error', () => undefined); // it ended: said by 'exit'
    this.#timer = setInterval(() => {
      if (performance.now() - this.#reportedAt > REPORT_EVERY_MS / 2) this.do({ do: 'report' });
    }, REPORT_EVERY_MS);
    this.#exited = new Promise(resolve => {
      child.once('exit', (code, signal) => {
        this.#end(`the engine ended (${signal ?? code ?? ''})`);
        resolve();
      });
    });
  }

  /** Process id, to see what it costs. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** A number for a new peer; `listen` hears of it until it is forgotten. */
  enlist(listen: (said: SaidOfPeer) => void): number {
    this.#lastPeer += 1;
    this.#listeners.set(this.#lastPeer, listen);
    return this.#lastPeer;
  }

  forget(peer: number): void {
    this.#listeners.delete(peer);
  }

  do(command: Command): void {
    if (!this.#ended) this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  /**
   * Brings the figures of all peers up to date: each hears of its own, as it does every second anyway. Gives the ages of stamped packets
   * since the last time, where any came. Rejects where the engine has ended.
   */
  async report(): Promise<Latency | undefined> {
    if (this.#ended) throw new Error('the engine has ended');
    const asked = Promise.withResolvers<Latency | undefined>();
    this.#reporting.push(asked);
    this.do({ do: 'report' });
    const timer = setTimeout(() => asked.reject(new Error('the engine does not report')), REPORT_TIMEOUT_MS);
    try {
      return await asked.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** All of its peers go without a word. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #take(line: string): void {
    let said: Said;
    try {
      said = readSaid(line);
    } catch (error) {
      this.#complain(error instanceof Error ? error.message : String(error));
      return;
    }
    switch (said.say) {
      case 'ready':
        return;
      case 'refused':
        this.#complain(said.why);
        return;
      case 'report':
        this.#reportedAt = performance.now();
        for (const figures of said.peers) this.#listeners.get(figures.peer)?.({ say: 'figures', figures });
        for (const asked of this.#reporting.splice(0)) asked.resolve(said.latency);
        return;
      default:
        this.#listeners.get(said.peer)?.(said);
    }
  }

  #end(why: string): void {
    this.#ended = true;
    clearInterval(this.#timer);
    for (const asked of this.#reporting.splice(0)) asked.reject(new Error(why));
    for (const [peer, listen] of this.#listeners) listen({ say: 'lost', peer, why });
    this.#listeners.clear();
  }

  #complain(why: string): void {
    this.complaints.push(why);
    if (this.complaints.length > 100) this.complaints.shift();
  }
}
