import type { EventEmitter } from 'node:events';
import { observer, type types } from 'mediasoup';
import type { MediaHandles } from '../ports.ts';

type Kind = keyof MediaHandles;
/** What mediasoup tells of each of its objects: once, that it is closed. */
interface Closing {
  readonly closed: boolean;
  readonly observer: { once(event: 'close', listener: () => void): unknown };
}

const NOTHING: MediaHandles = {
  router: 0,
  transport: 0,
  producer: 0,
  consumer: 0,
  data_producer: 0,
  data_consumer: 0,
  rtp_observer: 0,
  listener: 0,
};

/** Counts what lives in the media engine: what is opened and never closed shows here. */
export class HandleCount {
  readonly #counts: MediaHandles = { ...NOTHING };
  readonly #workers = new Set<types.Worker>();
  readonly #watch = (worker: types.Worker): void => this.watch(worker);

  /** Begins to count what is made from now on. */
  start(): void {
    observer.on('newworker', this.#watch);
  }

  stop(): void {
    observer.off('newworker', this.#watch);
  }

  watch(worker: types.Worker): void {
    this.#workers.add(worker);
    worker.observer.once('close', () => this.#workers.delete(worker));
    worker.observer.on('newrouter', router => {
      this.#count('router', router);
      router.observer.on('newtransport', transport => this.#countTransport(transport));
      router.observer.on('newrtpobserver', each => this.#count('rtp_observer', each));
    });
  }

  now(): MediaHandles {
    // Those of workers, which stay: whoever listens there and forgets to stop is never freed.
    const listener = [...this.#workers].reduce(
      (sum, worker) => sum + listenersOf(worker) + listenersOf(worker.observer),
      0,
    );
    return { ...this.#counts, listener };
  }

  #countTransport(transport: types.Transport): void {
    this.#count('transport', transport);
    transport.observer.on('newproducer', each => this.#count('producer', each));
    transport.observer.on('newconsumer', each => this.#count('consumer', each));
    transport.observer.on('newdataproducer', each => this.#count('data_producer', each));
    transport.observer.on('newdataconsumer', each => this.#count('data_consumer', each));
  }

  #count(kind: Kind, each: Closing): void {
    if (each.closed) return;
    this.#counts[kind] += 1;
    each.observer.once('close', () => {
      this.#counts[kind] -= 1;
    });
  }
}

function listenersOf(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}
