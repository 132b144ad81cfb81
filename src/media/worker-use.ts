import type { types } from 'mediasoup';

/** How much lives on a worker. */
export class WorkerUse {
  #routers = 0;
  #consumers = 0;

  constructor(worker: types.Worker) {
    worker.observer.on('newrouter', router => {
      this.#routers += 1;
      router.observer.once('close', () => {
        this.#routers -= 1;
      });
      router.observer.on('newtransport', transport => {
        transport.observer.on('newconsumer', consumer => {
          this.#consumers += 1;
          consumer.observer.once('close', () => {
            this.#consumers -= 1;
          });
        });
      });
    });
  }

  get routers(): number {
    return this.#routers;
  }

  /** Tracks that it sends, to clients and to other workers. */
  get consumers(): number {
    return this.#consumers;
  }
}
