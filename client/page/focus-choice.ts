/** Which foci the page knows of: the one that serves it, our own operator's, and the one that a link names. */
import { type Signal, signal } from '@preact/signals';
import { askFocus, type FocusRef, type OwnFocus, pickFocus, type SignalDoor } from '../kit/index.ts';

/** Who we are, and where our homeserver is. */
export interface Seeker {
  userId: string;
  homeserverUrl: string;
}

export interface FocusChoiceParts {
  /** Of a link, or of the tab's earlier life. */
  named: FocusRef | undefined;
  /** No fast signalling, for comparisons. */
  toDeviceOnly: boolean;
  /** The focus that serves this page has answered, or there is none. */
  asked(): void;
}

export class FocusChoice {
  /** The focus that serves this page; `undefined` until it has said so. */
  readonly serving: Signal<OwnFocus | undefined> = signal(undefined);
  readonly #named: FocusRef | undefined;
  readonly #toDeviceOnly: boolean;
  readonly #asking: Promise<void>;
  /** The focus of the operator of our homeserver, where there is one. */
  #picked: OwnFocus | undefined;

  constructor(parts: FocusChoiceParts) {
    this.#named = parts.named;
    this.#toDeviceOnly = parts.toDeviceOnly;
    this.#asking = askFocus(location.href).then(focus => {
      this.serving.value = focus;
      parts.asked();
    });
  }

  /** What to take where our own operator has none: what the link names, or the one that serves the page, once it has said so. */
  async fallback(): Promise<FocusRef | undefined> {
    if (this.#named === undefined) await this.#asking;
    return this.#named ?? this.serving.value;
  }

  /** Our own operator's, or one of the others. */
  async pick(seeker: Seeker, others: () => Promise<readonly FocusRef[]>): Promise<FocusRef | undefined> {
    this.#picked = await pickFocus(seeker, others);
    return this.#picked;
  }

  /** We know of fast signalling only of the focus that serves this page, and of our own operator's. */
  doorOf({ userId, deviceId }: FocusRef): SignalDoor | undefined {
    if (this.#toDeviceOnly) return undefined;
    const known = [this.#picked, this.serving.value];
    return known.find(focus => focus?.userId === userId && focus.deviceId === deviceId)?.signalling;
  }
}
