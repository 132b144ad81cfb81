import type { FocusRef, MemberDevice } from '../wire/room-state.ts';

/** A device in a conference, and whose it is. */
export interface ConferenceDevice extends MemberDevice {
  userId: string;
}

/** A focus of a conference, and who is on it. */
export interface FocusInConference {
  focus: FocusRef;
  devices: { userId: string; deviceId: string }[];
}

/** Foci of one device that are believed: it sends to one, and to a second one while it moves. */
const MOST_FOCI_OF_DEVICE = 4;

interface Named {
  focus: FocusRef;
  by: Set<ConferenceDevice>;
}

interface Answer {
  foci: readonly FocusInConference[];
  /** When the first of those in it expires, ms since 1970. */
  until: number;
}

/**
 * Which foci the joined members of one room name as active (MSC3898). Kept up from change to change: what one member says costs
 * the same in a room of ten and of a thousand, and an entry that is written again, to live on, is no news.
 */
export class RoomFoci {
  /** conf_id → user and device of a focus → who names it. */
  readonly #named = new Map<string, Map<string, Named>>();
  /** conf_id → what was made of it since the last change. */
  readonly #answers = new Map<string, Answer>();

  /** What one member says now in place of what it said before: of the same event, the very objects of then. */
  replace(before: readonly ConferenceDevice[], after: readonly ConferenceDevice[]): void {
    const isNews = namingsOf(before).join() !== namingsOf(after).join();
    // In this order, so that nothing is forgotten that is said again.
    for (const device of after) for (const focus of fociOf(device)) this.#add(device, focus);
    for (const device of before) for (const focus of fociOf(device)) this.#remove(device, focus);
    if (isNews) for (const { confId } of [...before, ...after]) this.#answers.delete(confId);
    // Those who live longer now must not be taken for expired.
    else for (const device of after) this.#prolong(device);
  }

  /** Somebody came into the room or left it: a focus, maybe. */
  membershipChanged(userId: string): void {
    for (const [confId, foci] of this.#named) {
      for (const { focus } of foci.values()) if (focus.userId === userId) this.#answers.delete(confId);
    }
  }

  /** Whether anybody names a focus in a conference whose entry has not expired. @param now ms since 1970 */
  isNamed(confId: string, focus: FocusRef, now: number): boolean {
    const by = this.#named.get(confId)?.get(keyOf(focus))?.by ?? [];
    for (const device of by) if (endOf(device) > now) return true;
    return false;
  }

  /** Foci that are in the room, with those who name them. The same object until something changes, or somebody expires. */
  of(confId: string, now: number, isInRoom: (userId: string) => boolean): readonly FocusInConference[] {
    const known = this.#answers.get(confId);
    if (known !== undefined && now < known.until) return known.foci;
    let until = Number.POSITIVE_INFINITY;
    const foci = [...(this.#named.get(confId)?.values() ?? [])].flatMap(({ focus, by }) => {
      if (!isInRoom(focus.userId)) return [];
      // One device may stand under both names of the event.
      const devices = new Map<string, { userId: string; deviceId: string }>();
      for (const device of by) {
        const { userId, deviceId } = device;
        if (endOf(device) <= now) continue;
        until = Math.min(until, endOf(device));
        devices.set(JSON.stringify([userId, deviceId]), { userId, deviceId });
      }
      return devices.size === 0 ? [] : [{ focus, devices: [...devices.values()] }];
    });
    if (this.#named.has(confId)) this.#answers.set(confId, { foci, until });
    return foci;
  }

  #add(device: ConferenceDevice, focus: FocusRef): void {
    const { confId } = device;
    const foci = this.#named.get(confId) ?? new Map<string, Named>();
    this.#named.set(confId, foci);
    const named = foci.get(keyOf(focus));
    if (named === undefined) foci.set(keyOf(focus), { focus, by: new Set([device]) });
    else named.by.add(device);
  }

  #remove(device: ConferenceDevice, focus: FocusRef): void {
    const { confId } = device;
    const foci = this.#named.get(confId);
    const named = foci?.get(keyOf(focus));
    if (foci === undefined || named === undefined || !named.by.delete(device) || named.by.size > 0) return;
    foci.delete(keyOf(focus));
    if (foci.size > 0) return;
    this.#named.delete(confId);
    this.#answers.delete(confId);
  }

  /** An answer without somebody who had expired is none any more. */
  #prolong(device: ConferenceDevice): void {
    const answer = this.#answers.get(device.confId);
    if (answer === undefined) return;
    const isIn = answer.foci.some(({ devices }) =>
      devices.some(({ userId, deviceId }) => userId === device.userId && deviceId === device.deviceId),
    );
    if (!isIn || endOf(device) < answer.until) this.#answers.delete(device.confId);
  }
}

function endOf({ expiresTs }: ConferenceDevice): number {
  return expiresTs ?? Number.POSITIVE_INFINITY;
}

function fociOf(device: ConferenceDevice): FocusRef[] {
  return device.foci.active.slice(0, MOST_FOCI_OF_DEVICE);
}

function namingsOf(devices: readonly ConferenceDevice[]): string[] {
  return devices
    .flatMap(device => fociOf(device).map(focus => JSON.stringify([device.confId, device.deviceId, keyOf(focus)])))
    .toSorted();
}

function keyOf({ userId, deviceId }: FocusRef): string {
  return JSON.stringify([userId, deviceId]);
}
