import type { ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import type { Clock, Trunk, TrunkEvents, TrunkFigures } from '../ports.ts';
import type { ConferenceId, FocusId } from '../session.ts';

/** How often a trunk without a place looks for one, ms. */
const LOOKS_EVERY_MS = 10_000;

export interface RefusedTrunkWorld {
  clock: Clock;
  /** The trunk, once there is a place. */
  open(): Trunk | undefined;
  /** It is closed, or the trunk is there. */
  over(): void;
}

/** A trunk that there is not: it says why, and where only a place was missing, looks for one. */
export class RefusedTrunk implements Trunk {
  readonly conference: ConferenceId;
  readonly peer: FocusId;
  readonly #code: ErrorCode;
  readonly #world: RefusedTrunkWorld;
  #trunk: Trunk | undefined;
  #timer: { cancel(): void } | undefined;

  constructor(
    conference: ConferenceId,
    peer: FocusId,
    error: WeirError,
    events: TrunkEvents,
    world: RefusedTrunkWorld,
  ) {
    this.conference = conference;
    this.peer = peer;
    const { code, message } = error;
    const { clock } = world;
    this.#code = code;
    this.#world = world;
    const look = (): void => {
      this.#trunk = world.open();
      this.#timer = this.#trunk === undefined ? clock.after(LOOKS_EVERY_MS, look) : undefined;
      if (this.#trunk !== undefined) world.over();
    };
    this.#timer = clock.after(0, () => {
      this.#timer = code === 'WEIR_TRUNK_LIMIT' ? clock.after(LOOKS_EVERY_MS, look) : undefined;
      events.state({ kind: 'refused', code, message });
    });
  }

  get figures(): TrunkFigures {
    const { conference, peer } = this;
    return { conference, peer, state: 'refused', code: this.#code, roundTripMs: undefined };
  }

  get epoch(): string {
    return this.#trunk?.epoch ?? '';
  }

  get unacknowledged(): number {
    return this.#trunk?.unacknowledged ?? 0;
  }

  say(frame: string): boolean {
    return this.#trunk?.say(frame) ?? false;
  }

  close(code?: ErrorCode): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#trunk === undefined) this.#world.over();
    else this.#trunk.close(code);
  }
}
