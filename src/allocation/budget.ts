/** What video may spend of an estimate. */
import type { AudioWant } from './wants.ts';

/** bit/s of somebody who speaks: Opus at 32 kbit/s in 50 packets, with all headers. */
const SPEECH_BITRATE = 56_000;
/** So many quiet ones may begin to speak at once before video has to give way. */
const SPEAKERS_TO_COME = 3;
/** bit/s; Opus knows little more (RFC 6716, section 2.1.1). A false measurement must not starve all video. */
const MOST_AUDIO_BITRATE = 510_000;
/** bit/s; above this an estimate is no estimate. */
const HIGHEST_ESTIMATE = 1e12;

/**
 * bit/s to set aside for audio: what it takes now, and what is missing for three of the quiet ones to speak at 56 kbit/s.
 * One whose bitrate is no number counts as speaking.
 */
export function audioReserve(audio: readonly AudioWant[]): number {
  const bitrates = audio.map(bitrateOf);
  const sum = bitrates.reduce((total, bitrate) => total + bitrate, 0);
  const toSpeech = bitrates.map(bitrate => Math.max(0, SPEECH_BITRATE - bitrate)).sort((a, b) => b - a);
  return toSpeech.slice(0, SPEAKERS_TO_COME).reduce((total, missing) => total + missing, sum);
}

function bitrateOf({ layers }: AudioWant): number {
  const layer = layers[0];
  if (layer?.live !== true) return 0;
  const isBitrate = layer.bitrate >= 0 && layer.bitrate < Infinity;
  return isBitrate ? Math.min(Math.ceil(layer.bitrate), MOST_AUDIO_BITRATE) : SPEECH_BITRATE;
}

/** bit/s for video under an estimate: 0 where the estimate is no number, negative, or less than audio needs. */
export function videoBudget(available: number, audio: number): number {
  if (!(available > 0)) return 0;
  return Math.max(0, Math.floor(Math.min(available, HIGHEST_ESTIMATE)) - audio);
}

// What is measured moves by some percent all the time: what goes up must still fit when it does.
const SHARE_FOR_RISES = 0.96;
// A link that has so much more does not have to be waited for.
const SHARE_FOR_RISES_AFTER_A_FALL = 0.85;

// What is measured moves, too, and a change of layers costs a keyframe: what is shown stays for so little.
const TOLERANCE_FOR_KEEPS = 0.02;
// A picture that goes and comes is worse than a link that is full for a second.
const TOLERANCE_FOR_LOWEST = 0.3;

// Each rise begins with a keyframe: many at once would fill the link's queue, and look like a link that is too narrow.
const SHARE_OF_RISES_AT_ONCE = 0.25;
// The less is left, the more such a look costs.
const SHARE_OF_WHAT_IS_LEFT = 0.5;

/** The least budget under which something of this cost, in bit/s, is shown at all. */
export function budgetFor(cost: number): number {
  return Math.ceil(cost / SHARE_FOR_RISES);
}

/**
 * How much may rise in one allocation: all that fits; some, but at least one step; some, and no step that is more, as the estimate
 * has only just fallen and may be wrong; or nothing, as something has only just risen.
 */
export type Pace = 'at once' | 'step by step' | 'by small steps' | 'not yet';

/** What there is to spend in one allocation, in bit/s. */
export interface Means {
  readonly budget: number;
  /** What all would cost that had something before, if they kept it. */
  readonly had: number;
  readonly pace: Pace;
}

/** The money of one allocation, in bit/s. What was had before may use a little more than the budget, what rises a little less. */
export class Purse {
  #spent = 0;
  #heldBack = 0;
  #risen = 0;
  #tolerance = TOLERANCE_FOR_LOWEST;
  readonly #budget: number;
  readonly #pace: Pace;
  /** bit/s that may rise in one allocation, beside a first step. */
  readonly #mayRise: number;

  constructor({ budget, had, pace }: Means) {
    this.#budget = budget;
    this.#pace = pace;
    this.#mayRise = Math.min(budget * SHARE_OF_RISES_AT_ONCE, (budget - had) * SHARE_OF_WHAT_IS_LEFT);
  }

  /** What is paid from now on is more than the lowest of each. */
  riseAboveLowest(): void {
    this.#tolerance = TOLERANCE_FOR_KEEPS;
  }

  /** Pays for what the stream had before; false if it does not fit any more. */
  keep(cost: number): boolean {
    return this.#pay(cost, this.#spent + cost <= this.#budget * (1 + this.#tolerance));
  }

  /** Pays for more than the stream had before; false if it does not fit with headroom. */
  rise(cost: number): boolean {
    const paid = this.#pay(cost, this.#fitsWithHeadroom(cost) && this.#inPace(cost));
    if (paid) this.#risen += cost;
    return paid;
  }

  /** Pays for more before its time, where much more than that fits. */
  riseWithPlentyLeft(cost: number): boolean {
    // Right after a fall an estimate promises too much.
    if (this.#pace === 'by small steps') return false;
    const fits = this.#spent + this.#heldBack + cost <= this.#budget * SHARE_FOR_RISES_AFTER_A_FALL;
    return fits && this.rise(cost);
  }

  /** Pays for what takes the place of something that is gone; false if it does not fit with headroom. */
  replace(cost: number): boolean {
    return this.#pay(cost, this.#fitsWithHeadroom(cost));
  }

  #inPace(cost: number): boolean {
    switch (this.#pace) {
      case 'at once':
        return true;
      case 'step by step':
        return this.#risen === 0 || this.#risen + cost <= this.#mayRise;
      case 'by small steps':
        return this.#risen + cost <= this.#budget * SHARE_OF_RISES_AT_ONCE;
      case 'not yet':
        return false;
    }
  }

  /**
   * Leaves room for a rise that has to wait, if it would fit: else others would rise on its money, and fall again when its
   * time comes.
   */
  holdBack(cost: number): void {
    if (this.#fitsWithHeadroom(cost)) this.#heldBack += cost;
  }

  #fitsWithHeadroom(cost: number): boolean {
    return this.#spent + this.#heldBack + cost <= this.#budget * SHARE_FOR_RISES;
  }

  #pay(cost: number, fits: boolean): boolean {
    if (fits) this.#spent += cost;
    return fits;
  }
}
