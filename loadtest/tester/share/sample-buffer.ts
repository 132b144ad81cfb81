import type { ShareSample } from './messages.ts';
import { after, emptySample, standing } from './merge.ts';

/** Samples of one share that nobody has taken yet, as one. */
export class SampleBuffer {
  #sample = emptySample();

  add(sample: ShareSample): void {
    this.#sample = after(this.#sample, sample);
  }

  take(): ShareSample {
    const sample = this.#sample;
    this.#sample = standing(sample);
    // Threads that say nothing more must not look busy for ever: their latest figures stand until then.
    return sample;
  }
}
