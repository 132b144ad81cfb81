/** The foci that a call may be held at, and where each takes fast signalling. */
import { askFocus, type OwnFocus, type SignalDoor } from './focus-info.ts';
import { pickFocus, type Seeker } from './foci.ts';
import type { FocusRef } from './wire.ts';

export class FoundFoci {
  readonly #seeker: Seeker;
  #given: OwnFocus | undefined;
  #picked: OwnFocus | undefined;

  constructor(seeker: Seeker) {
    this.#seeker = seeker;
  }

  /** The focus at this address. Undefined where none answers there. */
  async ask(url: string): Promise<OwnFocus | undefined> {
    this.#given = await askFocus(url);
    return this.#given;
  }

  /** That of our own operator, given the foci that members use. */
  async pick(others: () => Promise<readonly FocusRef[]>): Promise<FocusRef | undefined> {
    this.#picked = await pickFocus(this.#seeker, others);
    return this.#picked;
  }

  /** We know of fast signalling only of foci that we asked ourselves. */
  doorOf({ userId, deviceId }: FocusRef): SignalDoor | undefined {
    const known = [this.#picked, this.#given];
    return known.find(focus => focus?.userId === userId && focus.deviceId === deviceId)?.signalling;
  }
}
