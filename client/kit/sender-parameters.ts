/** Changes of one sender's encodings, one after the other: `setParameters` takes only what `getParameters` gave just before. */
import type { LayerSwitch } from './wire.ts';

/** What of RTCRtpSender this needs. */
export interface ParameterSender {
  getParameters(): RTCRtpSendParameters;
  setParameters(parameters: RTCRtpSendParameters): Promise<unknown>;
}

/** What is wanted of a sender; what is absent stays as it is. */
export interface EncodingWish {
  /** bit/s by encoding, in the order of the encodings. */
  bitrates?: readonly (number | undefined)[];
  layers?: readonly LayerSwitch[];
}

/**
 * The encodings with the wish fulfilled; `undefined` where it is already. Layers count from the lowest, encodings of ours from
 * the highest; a track of one encoding has no rids.
 */
export function wishedEncodings(
  encodings: readonly RTCRtpEncodingParameters[],
  { bitrates, layers }: EncodingWish,
): RTCRtpEncodingParameters[] | undefined {
  const wished = encodings.map((encoding, index): RTCRtpEncodingParameters => {
    const maxBitrate = bitrates?.[index] ?? encoding.maxBitrate;
    const isActive = encoding.active !== false;
    const active = wishedActive(layers, encodings, index) ?? isActive;
    if (maxBitrate === encoding.maxBitrate && active === isActive) return encoding;
    return { ...encoding, active, ...(maxBitrate === undefined ? {} : { maxBitrate }) };
  });
  return wished.every((encoding, index) => encoding === encodings[index]) ? undefined : wished;
}

function wishedActive(
  layers: readonly LayerSwitch[] = [],
  encodings: readonly RTCRtpEncodingParameters[],
  index: number,
): boolean | undefined {
  const rid = encodings[index]?.rid;
  const named = rid === undefined ? undefined : layers.find(layer => layer.rid === rid);
  if (named !== undefined) return named.active;
  const unnamed = layers.filter(layer => layer.rid === undefined);
  // Layers of one stream: it goes on while anybody wants one of them.
  if (encodings.length === 1 && unnamed.length > 1) return unnamed.some(({ active }) => active);
  // Cut down to one encoding, a browser may keep the rid that nobody else knows.
  return unnamed.length === encodings.length ? unnamed[encodings.length - 1 - index]?.active : undefined;
}

export class SenderParameters {
  readonly #sender: ParameterSender;
  #wish: EncodingWish = {};
  #busy = false;
  #again = false;

  constructor(sender: ParameterSender) {
    this.#sender = sender;
  }

  /** Sets it now, or after the change that is under way. It holds until the next wish for the same. */
  want(wish: EncodingWish): void {
    this.#wish = { ...this.#wish, ...wish };
    this.apply();
  }

  /** Sets what is wanted where it is not: a negotiation or another track may have undone it. */
  apply(): void {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    this.#run().catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      // A negotiation that came between makes what was read invalid: fresh parameters mend that.
      if (!(await this.#write())) await this.#write();
    }
    this.#busy = false;
  }

  /** False where the browser refused. */
  async #write(): Promise<boolean> {
    // To read parameters holds up the page until the browser's media threads have time for it.
    if (this.#wish.bitrates === undefined && this.#wish.layers === undefined) return true;
    try {
      const parameters = this.#sender.getParameters();
      const encodings = wishedEncodings(parameters.encodings, this.#wish);
      if (encodings === undefined) return true;
      await this.#sender.setParameters({ ...parameters, encodings });
      return true;
    } catch {
      return false;
    }
  }
}
