import type { types } from 'mediasoup';
import type { ConferenceRouter } from './conference-router.ts';

/** Links carry what crosses between workers of this process: over loopback, in the clear. */
const LOOPBACK = '127.0.0.1';
/** bytes. Every layer of every track crosses on one socket, keyframes at once. The system may give less. */
const BUFFER_SIZE = 4_194_304;

/** A track as it crosses from one router to another. */
export interface Crossing {
  /** Takes it from its publisher's router. */
  readonly consumer: types.Consumer;
  /** Gives it to the other router, under the id of the publisher's producer. */
  readonly producer: types.Producer;
  close(): void;
}

/** A pair of pipe transports between two routers; tracks cross either way. */
interface Link {
  ends: Map<ConferenceRouter, types.PipeTransport>;
  close(): void;
}

interface OpenLink {
  between: readonly [ConferenceRouter, ConferenceRouter];
  link: Promise<Link>;
  crossings: number;
}

/** What joins the routers of a conference: a link for each pair that something crosses between, while it does. */
export class RouterLinks {
  readonly #open = new Set<OpenLink>();

  get count(): number {
    return this.#open.size;
  }

  get crossings(): number {
    return [...this.#open].reduce((sum, { crossings }) => sum + crossings, 0);
  }

  /**
   * Lets a track cross: consumers on the router `to` then find it there, by its producer's id. All its layers cross.
   * Rejects where either router is gone.
   */
  async carry(track: types.Producer, from: ConferenceRouter, to: ConferenceRouter): Promise<Crossing> {
    const open = this.#between(from, to);
    open.crossings += 1;
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      open.crossings -= 1;
      if (open.crossings === 0) this.#close(open);
    };
    let consumer: types.Consumer | undefined;
    try {
      const { ends } = await open.link;
      const [near, far] = [ends.get(from), ends.get(to)];
      if (near === undefined || far === undefined) throw new TypeError('the link is between other routers');
      const taken = await near.consume({ producerId: track.id });
      consumer = taken;
      const { kind, rtpParameters } = taken;
      const producer = await far.produce({ id: track.id, kind, rtpParameters });
      const close = (): void => {
        taken.close();
        producer.close();
        leave();
      };
      // Each ends the other, whichever worker tells first.
      taken.observer.once('close', close);
      producer.observer.once('close', close);
      if (track.closed || taken.closed || producer.closed) {
        close();
        throw new TypeError('the track ended while it was piped');
      }
      return { consumer: taken, producer, close };
    } catch (thrown) {
      consumer?.close();
      leave();
      throw thrown;
    }
  }

  #between(one: ConferenceRouter, other: ConferenceRouter): OpenLink {
    for (const open of this.#open) if (open.between.includes(one) && open.between.includes(other)) return open;
    const open: OpenLink = { between: [one, other], link: openLink(one, other), crossings: 0 };
    this.#open.add(open);
    open.link.then(
      // A router that closes, or whose worker dies, takes its end along.
      ({ ends }) => {
        for (const end of ends.values()) end.observer.once('close', () => this.#close(open));
        if ([...ends.values()].some(({ closed }) => closed)) this.#close(open);
      },
      () => this.#open.delete(open),
    );
    return open;
  }

  #close(open: OpenLink): void {
    this.#open.delete(open);
    open.link.then(
      link => link.close(),
      () => undefined,
    );
  }
}

async function openLink(one: ConferenceRouter, other: ConferenceRouter): Promise<Link> {
  const made: types.PipeTransport[] = [];
  const close = (): void => {
    for (const end of made) end.close();
  };
  const listen = async ({ router }: ConferenceRouter): Promise<types.PipeTransport> => {
    const end = await router.createPipeTransport({
      listenInfo: { protocol: 'udp', ip: LOOPBACK, recvBufferSize: BUFFER_SIZE, sendBufferSize: BUFFER_SIZE },
      // Loopback loses what a busy worker does not read in time: it is asked for again, as on any path.
      enableRtx: true,
      enableSctp: false,
    });
    made.push(end);
    return end;
  };
  try {
    const [near, far] = await Promise.all([listen(one), listen(other)]);
    await Promise.all([
      near.connect({ ip: LOOPBACK, port: far.tuple.localPort }),
      far.connect({ ip: LOOPBACK, port: near.tuple.localPort }),
    ]);
    const ends = new Map([
      [one, near],
      [other, far],
    ]);
    return { ends, close };
  } catch (thrown) {
    close();
    throw thrown;
  }
}
