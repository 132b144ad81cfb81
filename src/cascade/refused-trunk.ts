import type { ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import type { Clock, Trunk, TrunkEvents } from '../ports.ts';

/** How often a trunk without a place looks for one, ms. */
const LOOKS_EVERY_MS = 10_000;

/** A trunk that there is not: it says why, and where only a place was missing, looks for one. */
export class RefusedTrunk implements Trunk {
  #trunk: Trunk | undefined;
  #timer: { cancel(): void } | undefined;

  /** @param open the trunk, once there is a place */
  constructor(clock: Clock, error: WeirError, events: TrunkEvents, open: () => Trunk | undefined) {
    const { code, message } = error;
    const look = (): void => {
      this.#trunk = open();
      this.#timer = this.#trunk === undefined ? clock.after(LOOKS_EVERY_MS, look) : undefined;
    };
    this.#timer = clock.after(0, () => {
      this.#timer = code === 'WEIR_TRUNK_LIMIT' ? clock.after(LOOKS_EVERY_MS, look) : undefined;
      events.state({ kind: 'refused', code, message });
    });
  }

  get epoch(): string {
    return this.#trunk?.epoch ?? '';
  }

  say(frame: string): boolean {
    return this.#trunk?.say(frame) ?? false;
  }

  close(code?: ErrorCode): void {
    this.#timer?.cancel();
    this.#trunk?.close(code);
  }
}
