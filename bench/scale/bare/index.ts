/** mediasoup alone, in a process of its own: what a focus is measured against. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from '../../../loadtest/peers/endpoint.ts';
import type { BareCommand, BareReport } from './messages.ts';
import type { BareOptions } from './router.ts';

const ANSWERS_WITHIN_MS = 20_000;
const ENDS_WITHIN_MS = 5_000;

type Answered = Extract<BareReport, { kind: 'answered' }>;
/** A request that is yet to be numbered. */
type Request =
  | { kind: 'connect'; sdp: string }
  | { kind: 'offer'; peer: number }
  | { kind: 'accept'; peer: number; sdp: string };

export class Bare implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #started = Promise.withResolvers<number>();
  readonly #waiting = new Map<number, PromiseWithResolvers<Answered>>();
  #requests = 0;
  #workerPid = 0;

  /** Rejects where mediasoup does not start. */
  static async start(options: BareOptions): Promise<Bare> {
    const bare = new Bare(options);
    try {
      bare.#workerPid = await bare.#started.promise;
      return bare;
    } catch (error) {
      await bare[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: BareOptions) {
    this.#child = fork(fileURLToPath(new URL('program.ts', import.meta.url)), { execArgv: [] });
    this.#exited = new Promise(resolve => this.#child.once('exit', () => resolve()));
    this.#child.on('message', message => this.#take(message as BareReport));
    this.#child.once('exit', () => {
      const ended = new Error('mediasoup alone has ended');
      this.#started.reject(ended);
      for (const { reject } of this.#waiting.values()) reject(ended);
    });
    this.#say({ kind: 'start', options });
  }

  get nodePid(): number {
    return this.#child.pid ?? 0;
  }

  get workerPid(): number {
    return this.#workerPid;
  }

  /** Connects a peer that publishes, or (`receives`) one that is then offered all that was published before. */
  async connect(endpoint: Endpoint, receives: boolean): Promise<void> {
    const { peer, sdp } = await this.#ask({ kind: 'connect', sdp: await endpoint.offer() });
    await endpoint.takeAnswer(sdp);
    if (!receives) return;
    const offer = await this.#ask({ kind: 'offer', peer });
    await this.#ask({ kind: 'accept', peer, sdp: await endpoint.answer(offer.sdp) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), ENDS_WITHIN_MS);
    await this.#exited;
    clearTimeout(late);
  }

  async #ask(command: Request): Promise<Answered> {
    this.#requests += 1;
    const request = this.#requests;
    const answer = Promise.withResolvers<Answered>();
    this.#waiting.set(request, answer);
    const late = setTimeout(
      () => answer.reject(new Error(`mediasoup alone did not answer ${command.kind}`)),
      ANSWERS_WITHIN_MS,
    );
    try {
      this.#say({ ...command, request });
      return await answer.promise;
    } finally {
      clearTimeout(late);
      this.#waiting.delete(request);
    }
  }

  #take(report: BareReport): void {
    switch (report.kind) {
      case 'started':
        return this.#started.resolve(report.workerPid);
      case 'answered':
        return this.#waiting.get(report.request)?.resolve(report);
      case 'failed':
        if (report.request === undefined) return this.#started.reject(new Error(report.message));
        return this.#waiting.get(report.request)?.reject(new Error(report.message));
    }
  }

  #say(command: BareCommand): void {
    if (this.#child.connected) this.#child.send(command);
  }
}
