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

/**
 * Which foci the joined members of one room name as active (MSC3898). Kept up from change to change: what one member says costs
 * the same in a room of ten and of a thousand.
 */
export class RoomFoci {
  /** conf_id → user and device of a focus → who names it. */
  readonly #named = new Map<string, Map<string, Named>>();
  /** User of a focus → how many entries of #named are of it. */
  readonly #users = new Map<string, number>();
  /** conf_ids whose foci, or those on them, are others than when it was asked last. */
  readonly #changed = new Set<string>();

  /** What one member says now in place of what it said before: of the same event, the very objects of then. */
  replace(before: readonly ConferenceDevice[], after: readonly ConferenceDevice[]): void {
    // An entry is written again within the hour, to live on: no news.
    const isNews = namingsOf(before).join() !== namingsOf(after).join();
    for (const device of before) for (const focus of fociOf(device)) this.#remove(device, focus, isNews);
    for (const device of after) for (const focus of fociOf(device)) this.#add(device, focus, isNews);
  }

  /** The user of a focus may have come into the room, or left it. */
  membershipChanged(userId: string): void {
    if (!this.#users.has(userId)) return;
    for (const [confId, foci] of this.#named) {
      for (const { focus } of foci.values()) if (focus.userId === userId) this.#changed.add(confId);
    }
  }

  /** Who names a focus in a conference. */
  namersOf(confId: string, focus: FocusRef): ReadonlySet<ConferenceDevice> {
    return this.#named.get(confId)?.get(keyOf(focus))?.by ?? NOBODY;
  }

  of(confId: string): { focus: FocusRef; by: ReadonlySet<ConferenceDevice> }[] {
    return [...(this.#named.get(confId)?.values() ?? [])];
  }

  /** conf_ids with any focus. */
  conferences(): string[] {
    return [...this.#named.keys()];
  }

  /** conf_ids that changed since this was asked last. */
  takeChanged(): string[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  #add(device: ConferenceDevice, focus: FocusRef, isNews: boolean): void {
    const { confId } = device;
    const foci = this.#named.get(confId) ?? new Map<string, Named>();
    this.#named.set(confId, foci);
    const key = keyOf(focus);
    const named = foci.get(key);
    if (named === undefined) {
      foci.set(key, { focus, by: new Set([device]) });
      this.#users.set(focus.userId, (this.#users.get(focus.userId) ?? 0) + 1);
    } else named.by.add(device);
    if (isNews) this.#changed.add(confId);
  }

  #remove(device: ConferenceDevice, focus: FocusRef, isNews: boolean): void {
    const { confId } = device;
    const foci = this.#named.get(confId);
    const named = foci?.get(keyOf(focus));
    if (foci === undefined || named === undefined || !named.by.delete(device)) return;
    if (isNews) this.#changed.add(confId);
    if (named.by.size > 0) return;
    foci.delete(keyOf(focus));
    if (foci.size === 0) this.#named.delete(confId);
    const left = (this.#users.get(focus.userId) ?? 1) - 1;
    if (left > 0) this.#users.set(focus.userId, left);
    else this.#users.delete(focus.userId);
  }
}

const NOBODY: ReadonlySet<ConferenceDevice> = new Set();

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
