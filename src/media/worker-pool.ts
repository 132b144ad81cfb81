import { createWorker, type types } from 'mediasoup';
import { asWeirError, WeirError } from '../../signalling/wire/errors.ts';
import type { MediaOptions } from './options.ts';
import { WorkerLoad } from './worker-load.ts';
import { WorkerUse } from './worker-use.ts';

/** ms; doubled with each failure in a row. */
const RESPAWN_MS = { first: 250, longest: 30_000 };

/** A worker process with the sockets that all its transports share. */
export interface WorkerSlot {
  /** From 1; that of a worker that died is its replacement's. */
  number: number;
  worker: types.Worker;
  server: types.WebRtcServer;
  port: number | undefined;
  load: WorkerLoad;
  use: WorkerUse;
}

export interface WorkerPool {
  /** Those that are alive. */
  slots(): readonly WorkerSlot[];
  health(): { alive: number; wanted: number; restarts: number };
  close(): void;
}

/** bytes. Everybody's packets come to one socket: what one client sends at once must not cost the others theirs. The system may give less. */
const RECEIVE_BUFFER_SIZE = 4_194_304;

function listenInfos(options: MediaOptions, port: number | undefined): types.TransportListenInfo[] {
  const protocols: types.TransportProtocol[] = options.enableTcp ? ['udp', 'tcp'] : ['udp'];
  return options.listen.flatMap(({ ip, announcedAddress }) =>
    protocols.map(protocol => ({
      protocol,
      ip,
      ...(announcedAddress === undefined ? {} : { announcedAddress }),
      ...(port === undefined ? {} : { port }),
      ...(protocol === 'udp' ? { recvBufferSize: RECEIVE_BUFFER_SIZE } : {}),
      ...(ip.includes(':') ? { flags: { ipv6Only: true } } : {}),
    })),
  );
}

/** Listens on the first port of the range that is free for every address and protocol. */
async function listen(
  worker: types.Worker,
  options: MediaOptions,
  taken: ReadonlySet<number>,
): Promise<Pick<WorkerSlot, 'server' | 'port'>> {
  const { ports } = options;
  if (ports === undefined) {
    return {
      server: await worker.createWebRtcServer({ listenInfos: listenInfos(options, undefined) }),
      port: undefined,
    };
  }
  let refused: unknown;
  for (let port = ports.min; port <= ports.max; port += 1) {
    if (taken.has(port)) continue;
    try {
      return { server: await worker.createWebRtcServer({ listenInfos: listenInfos(options, port) }), port };
    } catch (thrown) {
      refused = thrown;
    }
  }
  const reason = refused instanceof Error ? `: ${refused.message}` : '';
  throw new WeirError('WEIR_MEDIA_FAILED', `no port from ${ports.min} to ${ports.max} can be listened on${reason}`, {
    cause: refused,
  });
}

/** Starts the workers, and starts them again when they die. `died` hears of each death once. */
export async function startWorkers(options: MediaOptions, died: (slot: WorkerSlot) => void): Promise<WorkerPool> {
  const { clock, logger, workers: wanted } = options;
  const slots = new Set<WorkerSlot>();
  const timers = new Set<{ cancel(): void }>();
  let closed = false;
  let restarts = 0;

  async function start(): Promise<WorkerSlot> {
    const worker = await createWorker({
      logLevel: 'warn',
      ...(options.workerBin === undefined ? {} : { workerBin: options.workerBin }),
    });
    try {
      const taken = new Set([...slots].flatMap(({ port }) => port ?? []));
      const use = new WorkerUse(worker);
      const slot: WorkerSlot = {
        number: freeNumber(),
        worker,
        ...(await listen(worker, options, taken)),
        load: new WorkerLoad(worker, clock),
        use,
      };
      worker.on('died', error => {
        slots.delete(slot);
        slot.load.close();
        logger.error({ worker: slot.number, pid: worker.pid, error: error.message }, 'media worker died');
        died(slot);
        if (!closed) replace(RESPAWN_MS.first);
      });
      slots.add(slot);
      logger.info({ worker: slot.number, pid: worker.pid, port: slot.port }, 'media worker started');
      return slot;
    } catch (thrown) {
      worker.close();
      throw thrown;
    }
  }

  function freeNumber(): number {
    const used = new Set([...slots].map(({ number }) => number));
    let number = 1;
    while (used.has(number)) number += 1;
    return number;
  }

  function replace(delayMs: number): void {
    const timer = clock.after(delayMs, () => {
      timers.delete(timer);
      start().then(
        slot => {
          if (!closed) {
            restarts += 1;
            return;
          }
          slots.delete(slot);
          end(slot);
        },
        (thrown: unknown) => {
          logger.error({ error: asWeirError(thrown).message }, 'media worker cannot be started');
          if (!closed) replace(Math.min(delayMs * 2, RESPAWN_MS.longest));
        },
      );
    });
    timers.add(timer);
  }

  function end({ worker, load }: WorkerSlot): void {
    load.close();
    worker.close();
  }

  function close(): void {
    closed = true;
    for (const timer of timers) timer.cancel();
    for (const slot of slots) end(slot);
    slots.clear();
  }

  try {
    // One after the other: each takes the next free port.
    for (let number = 0; number < wanted; number += 1) await start();
  } catch (thrown) {
    close();
    throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
  }
  return {
    slots: () => [...slots].sort((one, other) => one.number - other.number),
    health: () => ({ alive: slots.size, wanted, restarts }),
    close,
  };
}
