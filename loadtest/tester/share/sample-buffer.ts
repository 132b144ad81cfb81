import type { ShareSample } from './messages.ts';
import { after, emptySample, standing } from './merge.ts';

/** Samples come each second; a share whose next one comes later is late by the rest. */
const DUE_AFTER_MS = 2_000;

/** Samples of one share that nobody has taken yet, as one. */
export class SampleBuffer {
  #sample = emptySample();
  #addedAt: number | undefined;

  add(sample: ShareSample): void {
    this.#sample = after(this.#sample, sample);
    this.#addedAt = performance.now();
  }

  take(): ShareSample {
    const sample = this.#sample;
    this.#sample = standing(sample);
    const silentMs = this.#addedAt === undefined ? 0 : performance.now() - this.#addedAt;
    // One that says nothing is not quiet: it does not get to it.
    return { ...sample, loopLagMs: Math.max(sample.loopLagMs, silentMs - DUE_AFTER_MS) };
  }
}
