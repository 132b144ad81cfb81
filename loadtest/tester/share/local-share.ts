/** The participants of this machine, dealt out to processes: a thousand of them do not fit into one event loop. */
import { availableParallelism } from 'node:os';
import { TesterMeter } from '../measure/tester-meter.ts';
import { DealtShare } from './dealt-share.ts';
import type { Share, ShareCommand, ShareSample } from './messages.ts';
import { ProcessShare } from './process-share.ts';

/** What is a matter of this machine. */
export interface LocalOptions {
  /** As many as the machine has cores, unless given. */
  processes?: number;
  /** Binary of the native peers' engine (setup/load-peer.ts builds it). */
  engine?: string;
}

export class LocalShare implements Share {
  readonly #dealt: DealtShare;
  readonly #meter: TesterMeter;

  /** `tell` hears of troubles; `others` are processes that do not belong to the tester, even where it started them. */
  constructor(
    tell: (trouble: string) => void,
    { processes = availableParallelism(), engine }: LocalOptions,
    others: readonly number[] = [],
  ) {
    const shares = Array.from({ length: processes }, () => new ProcessShare(tell, engine));
    this.#dealt = new DealtShare(shares);
    this.#meter = new TesterMeter([process.pid, ...shares.flatMap(share => share.pid() ?? [])], others);
  }

  say(command: ShareCommand): void {
    this.#dealt.say(command);
  }

  take(): ShareSample {
    const sum = this.#dealt.take();
    const own = this.#meter.take();
    return { ...sum, ...own, loopLagMs: Math.max(sum.loopLagMs, own.loopLagMs) };
  }

  get lost(): string | undefined {
    return this.#dealt.lost;
  }

  /** Its CPU time counts, but how busy its threads are says nothing about the peers. */
  setApart(pid: number | undefined): void {
    this.#meter.setApart(pid);
  }

  async stop(): Promise<void> {
    await this.#dealt.stop();
    this.#meter.close();
  }
}
