/** Endpoints of one stack in a process of their own, so that what they cost can be told from what the router costs. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NativeStack } from '../../loadtest/native-peer/native-stack.ts';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import type { Endpoint, EndpointEvents } from '../../loadtest/peers/endpoint.ts';

export type StackName = 'native' | 'libdatachannel';

type Ask =
  | { ask: number; do: 'start'; stack: StackName }
  | { ask: number; do: 'offer' }
  | { ask: number; do: 'take'; endpoint: number; sdp: string }
  | { ask: number; do: 'answer'; endpoint: number; sdp: string }
  | { ask: number; do: 'count' };

/** RTP packets that came since the last time, and those that the system dropped before. */
export interface Counted {
  packets: number;
  dropped: number;
}

type Answer = { ask: number; pids: number[] } | { ask: number; sdp: string } | ({ ask: number } & Counted);
type Question = Ask extends infer Each ? (Each extends Ask ? Omit<Each, 'ask'> : never) : never;

/** The other side of such a process. */
export class EndpointProcess {
  readonly #child: ChildProcess = fork(fileURLToPath(import.meta.url), { execArgv: [] });
  readonly #asked = new Map<number, PromiseWithResolvers<Answer>>();
  #lastAsk = 0;
  #endpoints = 0;
  /** Of the process, and of the engine in it. */
  pids: number[] = [];

  static async start(stack: StackName): Promise<EndpointProcess> {
    const started = new EndpointProcess();
    const answer = await started.#ask({ do: 'start', stack });
    if ('pids' in answer) started.pids = answer.pids;
    return started;
  }

  private constructor() {
    this.#child.on('message', message => {
      const answer = message as Answer;
      this.#asked.get(answer.ask)?.resolve(answer);
      this.#asked.delete(answer.ask);
    });
    this.#child.once('exit', () => {
      for (const { reject } of this.#asked.values()) reject(new Error('the process of the endpoints ended'));
    });
  }

  /** A new endpoint that only receives: its number, and its offer. */
  async offer(): Promise<{ endpoint: number; sdp: string }> {
    const sdp = this.#sdp(await this.#ask({ do: 'offer' }));
    this.#endpoints += 1;
    return { endpoint: this.#endpoints - 1, sdp };
  }

  async take(endpoint: number, sdp: string): Promise<void> {
    await this.#ask({ do: 'take', endpoint, sdp });
  }

  async answer(endpoint: number, sdp: string): Promise<string> {
    return this.#sdp(await this.#ask({ do: 'answer', endpoint, sdp }));
  }

  async count(): Promise<Counted> {
    const answer = await this.#ask({ do: 'count' });
    return 'packets' in answer ? answer : { packets: 0, dropped: 0 };
  }

  close(): void {
    this.#child.disconnect();
  }

  #sdp(answer: Answer): string {
    if (!('sdp' in answer)) throw new Error('no description');
    return answer.sdp;
  }

  #ask(question: Question): Promise<Answer> {
    this.#lastAsk += 1;
    const asked = Promise.withResolvers<Answer>();
    this.#asked.set(this.#lastAsk, asked);
    this.#child.send({ ...question, ask: this.#lastAsk });
    return asked.promise;
  }
}

class Served {
  readonly #endpoints: Endpoint[] = [];
  #make: (events: EndpointEvents) => Endpoint = events => new DatachannelEndpoint(events);
  #refresh: () => Promise<number> = async () => 0;
  #packets = 0;

  async serve(ask: Ask): Promise<Answer> {
    switch (ask.do) {
      case 'start':
        return { ask: ask.ask, pids: ask.stack === 'native' ? await this.#startNative() : [process.pid] };
      case 'offer': {
        const endpoint = this.#make({
          control: () => undefined,
          controlOpen: () => undefined,
          controlClosed: () => undefined,
          packet: (_track, count) => {
            this.#packets += count;
          },
        });
        this.#endpoints.push(endpoint);
        return { ask: ask.ask, sdp: await endpoint.offer() };
      }
      case 'take':
        await this.#endpoints[ask.endpoint]?.takeAnswer(ask.sdp);
        return { ask: ask.ask, sdp: '' };
      case 'answer':
        return { ask: ask.ask, sdp: (await this.#endpoints[ask.endpoint]?.answer(ask.sdp)) ?? '' };
      case 'count': {
        const dropped = await this.#refresh();
        const packets = this.#packets;
        this.#packets = 0;
        return { ask: ask.ask, packets, dropped };
      }
    }
  }

  async #startNative(): Promise<number[]> {
    const stack = await NativeStack.start(process.env['WEIR_LOAD_PEER_BIN'] ?? '');
    const made: ReturnType<NativeStack['endpoint']>[] = [];
    this.#make = events => {
      const endpoint = stack.endpoint(events);
      made.push(endpoint);
      return endpoint;
    };
    this.#refresh = async () => {
      await stack.refresh();
      return made.reduce((sum, endpoint) => sum + endpoint.report().dropped, 0);
    };
    return [process.pid, stack.engine.pid ?? 0];
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const served = new Served();
  // One after the other, as endpoints ask.
  let work = Promise.resolve();
  process.on('message', message => {
    work = work.then(async () => {
      process.send?.(await served.serve(message as Ask));
    });
    work.catch((error: unknown) => {
      process.stderr.write(`endpoints: ${String(error)}\n`);
      process.exit(1);
    });
  });
  // Whoever started it is gone.
  process.once('disconnect', () => process.exit(0));
}
