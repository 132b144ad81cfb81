/** Who wants the floor here, and which focus hands it out, as the rules keep it. */
import type { DeviceKey, SessionKey } from '../session.ts';
import { type ClaimRate, freshClaims } from './claim-rate.ts';
import type { Floor } from './floor.ts';

export interface Turns {
  /** Clients here that want the floor, in the order in which they asked: when each last did (ms since 1970). */
  readonly wishes: Map<DeviceKey, number>;
  arbiter: Arbiter;
  /** When the floor was last as its arbiter has it (ms since 1970). */
  knownAt: number;
}

/** Who hands out the floor of the conference: this focus, another one, or none that all foci hear. */
export type Arbiter =
  | { readonly kind: 'self' }
  | { readonly kind: 'focus'; readonly key: SessionKey }
  | { readonly kind: 'nobody' };

export const SELF: Arbiter = { kind: 'self' };

/** What another focus says of the floor, and was told of it. */
export interface FocusFloor {
  said: FloorSaid | undefined;
  /** As text; `undefined`: nothing. */
  told: string | undefined;
  /** ms since 1970. */
  toldAt: number;
  /** How often its clients may still begin to want the floor. */
  claims: ClaimRate;
}

interface FloorSaid {
  /** ms since 1970. */
  readonly at: number;
  /** Foci that it hears. */
  readonly links: ReadonlySet<DeviceKey>;
  /** Its clients that want the floor, the first one first. */
  readonly wantedBy: ReadonlySet<DeviceKey>;
  /** The floor, where it hands it out. */
  readonly decided: Floor | undefined;
}

export function noTurns(): Turns {
  return { wishes: new Map(), arbiter: SELF, knownAt: 0 };
}

export function nothingSaidOfTheFloor(now: number): FocusFloor {
  return { said: undefined, told: undefined, toldAt: now, claims: freshClaims(now) };
}
