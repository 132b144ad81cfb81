/** Our key to the floor (push-to-talk): asks for it while it is held, and knows who has it. */
import type { ControlMessage, FloorState } from './wire.ts';

/** While the key is held we say so this often, in ms; the focus takes 9 s without a word for our end. */
export const RENEW_EVERY_MS = 3_000;

const NOBODY: FloorState = { kind: 'floor', holder: undefined, you: 'none' };

export class FloorKey {
  readonly #tell: (message: ControlMessage) => void;
  #state: FloorState = NOBODY;
  #renewal: ReturnType<typeof setInterval> | undefined;

  /** `tell`: hands a message to the focus; what is lost is said again. */
  constructor(tell: (message: ControlMessage) => void) {
    this.#tell = tell;
  }

  /** Who holds the floor, as the focus told last. */
  get state(): FloorState {
    return this.#state;
  }

  get pressed(): boolean {
    return this.#renewal !== undefined;
  }

  /** We are heard: the floor is ours, and we still want it. */
  get speaks(): boolean {
    return this.pressed && this.#state.you === 'holder';
  }

  press(): void {
    if (this.pressed) return;
    this.#renewal = setInterval(() => this.#tell({ kind: 'floor_request' }), RENEW_EVERY_MS);
    this.#tell({ kind: 'floor_request' });
  }

  release(): void {
    if (!this.pressed) return;
    this.close();
    this.#tell({ kind: 'floor_release' });
  }

  /** Takes the floor from its holder: for moderators. Whoever gets it meanwhile keeps it. */
  revoke(): void {
    const { holder } = this.#state;
    if (holder !== undefined) this.#tell({ kind: 'floor_revoke', holder });
  }

  /** The focus tells. */
  take(state: FloorState): void {
    this.#state = state;
  }

  close(): void {
    clearInterval(this.#renewal);
    this.#renewal = undefined;
  }
}
