/** Asks pages of their encryption again and again: what they tell together is told in good time, and a page that ends takes little with it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Participant } from '../../demo/check/participant.ts';
import { type EncryptionReport, type HeldKey, readEncryption, senderOf } from './page-encryption.ts';
import { KeyLog } from './replay/keys.ts';
import { Witnesses } from './witness.ts';

/** The pages need what the machine has for their call. */
const ASKED_EVERY_MS = 1_000;
/** A page's worker tells of several frames together. */
const TOLD_WITHIN_MS = 2_000;

interface Watched {
  page: Participant;
  /** All that it ever had. */
  keys: KeyLog;
  latest: EncryptionReport | undefined;
  isAsked: boolean;
}

export class EncryptionWatch implements AsyncDisposable {
  readonly witnesses = new Witnesses();
  readonly #watched = new Map<Participant, Watched>();
  readonly #fail: (reason: string) => void;
  readonly #ended = new AbortController();
  readonly #asking: Promise<void>;
  /** One round of questions at a time. */
  #round: Promise<void> = Promise.resolve();
  #isSettling = false;

  /** @param fail hears of each page that offers nothing to look at, or does not answer, and is asked no more */
  constructor(fail: (reason: string) => void) {
    this.#fail = fail;
    this.#asking = this.#askOn();
  }

  /** Asks it from now on. */
  add(page: Participant): void {
    this.#watched.set(page, { page, keys: new KeyLog(), latest: undefined, isAsked: true });
  }

  /** Asks all pages now. */
  ask(): Promise<void> {
    this.#round = this.#round.then(async () => {
      const asked = [...this.#watched.values()].filter(({ isAsked }) => isAsked);
      await Promise.all(asked.map(each => this.#askOne(each)));
    });
    return this.#round;
  }

  /**
   * Asks all pages a last time, before they may be closed. What one received lately another may have sent and not told yet: what is
   * received from now on is left out, and what is sent waited for.
   */
  async settle(): Promise<void> {
    await this.ask();
    this.#isSettling = true;
    await delay(TOLD_WITHIN_MS);
    await this.ask();
    for (const watched of this.#watched.values()) watched.isAsked = false;
  }

  /** Whatever this page had at any time: its own keys, and those of others. */
  keysAt(page: Participant): HeldKey[] {
    return this.#watched.get(page)?.keys.all ?? [];
  }

  /** Keys of all pages for what they themselves sent. */
  get senderKeys(): HeldKey[] {
    return [...this.#watched.values()].flatMap(({ page, keys }) => keys.all.filter(key => key.from === senderOf(page)));
  }

  /** As it was when it was last asked; `undefined` where it offers nothing. */
  latest(page: Participant): EncryptionReport | undefined {
    return this.#watched.get(page)?.latest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#asking;
    await this.#round;
  }

  async #askOn(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await this.ask();
      // Rejects when it is over.
      await delay(ASKED_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #askOne(watched: Watched): Promise<void> {
    const { page, keys } = watched;
    try {
      const report = await readEncryption(page);
      if (report === undefined) throw new Error('it offers no window.weir.encryption');
      watched.latest = report;
      keys.add(report.keys);
      const told = report.witnessed.filter(({ direction }) => direction === 'sent' || !this.#isSettling);
      this.witnesses.add(senderOf(page), told);
    } catch (error) {
      watched.isAsked = false;
      this.#fail(`the page of ${page.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
