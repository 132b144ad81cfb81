/** Asks pages of their encryption again and again: they forget keys, and keep few frames. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Participant } from '../../demo/check/participant.ts';
import {
  type EncryptionReport,
  type HeldKey,
  readEncryption,
  senderOf,
  type WitnessedFrame,
} from './page-encryption.ts';
import { KeyLog } from './replay/keys.ts';
import { Witnesses } from './witness.ts';

const ASKED_EVERY_MS = 150;

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
    return this.#askAll(() => true);
  }

  /**
   * Asks all pages a last time, before they may be closed. What one received lately may have been sent by one that was asked before:
   * so all are asked once more, and what they received meanwhile is left out.
   */
  async settle(): Promise<void> {
    await this.ask();
    await this.#askAll(({ direction }) => direction === 'sent');
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

  #askAll(counts: (frame: WitnessedFrame) => boolean): Promise<void> {
    this.#round = this.#round.then(async () => {
      const asked = [...this.#watched.values()].filter(({ isAsked }) => isAsked);
      await Promise.all(asked.map(each => this.#askOne(each, counts)));
    });
    return this.#round;
  }

  async #askOne(watched: Watched, counts: (frame: WitnessedFrame) => boolean): Promise<void> {
    const { page, keys } = watched;
    try {
      const report = await readEncryption(page);
      if (report === undefined) throw new Error('it offers no window.weir.encryption');
      watched.latest = report;
      keys.add(report.keys);
      this.witnesses.add(senderOf(page), report.witnessed.filter(counts));
    } catch (error) {
      watched.isAsked = false;
      this.#fail(`the page of ${page.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
