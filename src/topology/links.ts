/**
 * Which foci of a conference this one links to. Pure. Each links to each of the others, and none passes on what came by a link (the
 * rules' split horizon): so every track crosses one link at most, and there are no loops.
 */
import { compareFoci, type DeviceId, type FocusId, keyOfDevice } from '../session.ts';

/** A focus that room state puts into a conference, and the devices that name it. */
export interface ServingFocus {
  readonly focus: FocusId;
  readonly devices: readonly DeviceId[];
}

/** A focus to link to, and for whom it may speak. */
export interface Link {
  readonly peer: FocusId;
  readonly speaksFor: readonly DeviceId[];
}

/** What the choice is made of. */
export interface Serving {
  readonly self: FocusId;
  /** By the room's state; this focus among them where anybody names it. */
  readonly foci: readonly ServingFocus[];
  /** Whether anybody is in the conference here. */
  readonly isPeopled: boolean;
}

/** Foci that one links to: a full mesh of more is not what it is made for. */
export const MOST_LINKS = 16;

/**
 * The foci to link to, in the same order by every focus, so that where there are too many all leave out the same. None while nobody
 * is here, or nobody says that they are: the others would not take the link.
 */
export function linksOf({ self, foci, isPeopled }: Serving): Link[] {
  if (!isPeopled || !foci.some(({ focus }) => isSame(focus, self))) return [];
  return foci
    .toSorted((one, other) => compareFoci(one.focus, other.focus))
    .slice(0, MOST_LINKS + 1)
    .filter(({ focus, devices }) => !isSame(focus, self) && devices.length > 0)
    .map(({ focus, devices }) => ({ peer: focus, speaksFor: devices }));
}

function isSame(one: FocusId, other: FocusId): boolean {
  return keyOfDevice(one) === keyOfDevice(other);
}
