/**
 * The floor of a call: a token that one device holds at a time, first come, first served. Pure: each function gives the floor
 * after what happened, the same object where nothing did. All times in ms since 1970.
 */
import type { DeviceKey } from '../session.ts';

/** Devices that may wait; one more is refused. */
export const MOST_WAITING = 64;
/** ms. Who has not asked again for so long is gone; clients ask every 3 s. With a tick on top it is less than 10 s. */
export const RENEW_WITHIN_MS = 9_000;
/** ms that a holder may go on while others wait. */
export const TURN_MS = 60_000;

/** Somebody's wish to speak. */
interface Claim {
  readonly by: DeviceKey;
  /** When it last asked. */
  readonly askedAt: number;
}

/** The floor in the hands of one device. */
interface Holding extends Claim {
  /** When it has to go because others wait; `undefined`: nobody does. */
  readonly until: number | undefined;
}

export interface Floor {
  readonly holder: Holding | undefined;
  /** Who waits, the next one first. */
  readonly queue: readonly Claim[];
  /** Who lost the floor to a moderator and has not let go of its key since: it asks in vain. */
  readonly revoked: readonly Claim[];
}

export const FREE_FLOOR: Floor = { holder: undefined, queue: [], revoked: [] };

/** Whether a device holds the floor, waits for it, or asks in vain: when it asks again, nobody else need know. */
export function hasClaim({ holder, queue, revoked }: Floor, by: DeviceKey): boolean {
  return holder?.by === by || [...queue, ...revoked].some(claim => claim.by === by);
}

/** A device asks for the floor, or says that it still wants it. `full`: so many wait that it cannot. */
export function requestFloor(floor: Floor, by: DeviceKey, now: number): Floor | 'full' {
  const again = { by, askedAt: now };
  if (floor.revoked.some(claim => claim.by === by))
    return { ...floor, revoked: floor.revoked.map(claim => (claim.by === by ? again : claim)) };
  if (floor.holder?.by === by) return { ...floor, holder: { ...floor.holder, askedAt: now } };
  if (floor.queue.some(claim => claim.by === by))
    return { ...floor, queue: floor.queue.map(claim => (claim.by === by ? again : claim)) };
  if (floor.queue.length >= MOST_WAITING) return 'full';
  return handedOver({ ...floor, queue: [...floor.queue, again] }, now);
}

/** A device no longer speaks, or no longer waits. */
export function releaseFloor(floor: Floor, by: DeviceKey, now: number): Floor {
  return retainFloor(floor, claim => claim.by !== by, now);
}

/** A moderator takes the floor from its holder, who gets it again only after it has let go. */
export function revokeFloor(floor: Floor, now: number): Floor {
  const { holder } = floor;
  if (holder === undefined) return floor;
  const revoked = [...floor.revoked, { by: holder.by, askedAt: holder.askedAt }];
  return handedOver({ ...floor, holder: undefined, revoked }, now);
}

/** Takes the floor, or the place in the queue, from all who may have neither: they left, are silent, may not speak. */
export function keepFloor(floor: Floor, may: (by: DeviceKey) => boolean, now: number): Floor {
  return retainFloor(floor, claim => may(claim.by) && now - claim.askedAt < RENEW_WITHIN_MS, now);
}

function retainFloor(floor: Floor, stays: (claim: Claim) => boolean, now: number): Floor {
  const holder = floor.holder !== undefined && stays(floor.holder) ? floor.holder : undefined;
  return handedOver(
    { holder, queue: retained(floor.queue, stays), revoked: retained(floor.revoked, stays) },
    now,
    floor,
  );
}

function retained(claims: readonly Claim[], stays: (claim: Claim) => boolean): readonly Claim[] {
  return claims.every(stays) ? claims : claims.filter(stays);
}

/** The floor goes to the next one where it is free, or its holder's turn is over; a turn ends only while somebody waits. */
function handedOver(floor: Floor, now: number, before: Floor = floor): Floor {
  const { holder, queue, revoked } = floor;
  const isOver = holder?.until !== undefined && now >= holder.until;
  const [next, ...others] = queue;
  if (next !== undefined && (holder === undefined || isOver))
    return { holder: { ...next, until: others.length > 0 ? now + TURN_MS : undefined }, queue: others, revoked };
  const until = next === undefined ? undefined : (holder?.until ?? now + TURN_MS);
  const after = holder === undefined || holder.until === until ? holder : { ...holder, until };
  const isSame = after === before.holder && queue === before.queue && revoked === before.revoked;
  return isSame ? before : { holder: after, queue, revoked };
}
