/** Starts UDP relays. All of a process work in one thread, which ends with the last of them. */
import { Worker } from 'node:worker_threads';
import type { FromThread, ToThread } from './relay-messages.ts';
import { checkScript, type LinkScript } from './script.ts';
import type { RelayOptions, RelayReport } from './udp-relay.ts';

export type { RelayOptions, RelayReport } from './udp-relay.ts';

export interface Relay {
  /** Where the client sends to instead of the server. */
  readonly host: string;
  readonly port: number;
  /** Clock zero of both scripts. Until then the first profile holds, without bursts. Only the first call counts. */
  start(): void;
  /** Other scripts from now on; the samples go on. Throws RangeError if one makes no sense, and leaves all as it was. */
  setScripts(up: LinkScript, down: LinkScript): void;
  /** Samples, totals and lateness so far. Rejects once closed, or if the thread broke. */
  report(): Promise<RelayReport>;
  /** Packets inside are gone. Gives the last report; a second call gives the same one. Rejects if the thread broke. */
  close(): Promise<RelayReport>;
}

let shared: RelayThread | undefined;

/**
 * Relays one client to a UDP server (whoever sent last is the client) through a link each way.
 * Rejects if a script makes no sense, if the address cannot be listened on, or if the target cannot be resolved.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  checkScript(options.up);
  checkScript(options.down);
  shared ??= new RelayThread(thread => {
    if (shared === thread) shared = undefined;
  });
  return shared.open(options);
}

class RelayThread {
  readonly #worker = new Worker(new URL('./relay-thread.ts', import.meta.url));
  readonly #onEnd: (thread: RelayThread) => void;
  readonly #openings = new Map<number, PromiseWithResolvers<{ host: string; port: number }>>();
  readonly #asks = new Map<number, PromiseWithResolvers<RelayReport>>();
  /** Opening ones too. */
  readonly #relays = new Set<number>();
  #lastId = 0;
  #broken: Error | undefined;

  constructor(onEnd: (thread: RelayThread) => void) {
    this.#onEnd = onEnd;
    this.#worker.on('message', (message: FromThread) => this.#onMessage(message));
    this.#worker.on('error', error => this.#break(new Error('the thread of the relays broke', { cause: error })));
    this.#worker.on('exit', () => this.#break(new Error('the thread of the relays has ended')));
  }

  async open(options: RelayOptions): Promise<Relay> {
    const id = this.#nextId();
    const opening = Promise.withResolvers<{ host: string; port: number }>();
    this.#openings.set(id, opening);
    this.#relays.add(id);
    try {
      this.#post({ kind: 'open', relay: id, options });
      return this.#relay(id, await opening.promise);
    } catch (error) {
      await this.#forget(id);
      throw error;
    }
  }

  #relay(id: number, { host, port }: { host: string; port: number }): Relay {
    let closing: Promise<RelayReport> | undefined;
    return {
      host,
      port,
      start: () => {
        if (closing === undefined) {
          this.#post({ kind: 'start', relay: id, epochMs: performance.timeOrigin + performance.now() });
        }
      },
      setScripts: (up, down) => {
        checkScript(up);
        checkScript(down);
        if (closing === undefined) this.#post({ kind: 'scripts', relay: id, up, down });
      },
      report: async () => {
        if (closing !== undefined) throw new Error('the relay is closed');
        return this.#ask('report', id);
      },
      close: () => (closing ??= this.#ask('close', id).finally(() => this.#forget(id))),
    };
  }

  #ask(kind: 'report' | 'close', relay: number): Promise<RelayReport> {
    const ask = this.#nextId();
    const asked = Promise.withResolvers<RelayReport>();
    if (this.#broken !== undefined) {
      asked.reject(this.#broken);
    } else {
      this.#asks.set(ask, asked);
      this.#post({ kind, relay, ask });
    }
    return asked.promise;
  }

  /** The last one ends the thread. */
  async #forget(id: number): Promise<void> {
    this.#relays.delete(id);
    if (this.#relays.size > 0) return;
    this.#onEnd(this);
    await this.#worker.terminate();
  }

  #onMessage(message: FromThread): void {
    switch (message.kind) {
      case 'opened':
        this.#openings.get(message.relay)?.resolve({ host: message.host, port: message.port });
        this.#openings.delete(message.relay);
        return;
      case 'not-opened':
        this.#openings.get(message.relay)?.reject(new Error(message.reason));
        this.#openings.delete(message.relay);
        return;
      case 'report':
        this.#asks.get(message.ask)?.resolve(message.report);
        this.#asks.delete(message.ask);
        return;
    }
  }

  #break(reason: Error): void {
    this.#broken ??= reason;
    this.#onEnd(this);
    for (const waiting of [...this.#openings.values(), ...this.#asks.values()]) waiting.reject(this.#broken);
    this.#openings.clear();
    this.#asks.clear();
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}
