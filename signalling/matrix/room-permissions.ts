import { type CallPermissions, type Permissions, permissionsFor } from '../wire/permissions.ts';
import type { RoomPower } from '../wire/power-levels.ts';
import type { PermissionsChange } from './types.ts';

/** Most `org.weir.call.permissions` events of one room that are kept. What is beyond is not believed. */
const MOST_EVENTS = 257;

/** What one room says of who may publish in its calls. */
export class RoomPermissions {
  /** conf_id, or the empty string for all → its event. */
  readonly #events = new Map<string, CallPermissions>();
  #power: RoomPower = { levels: undefined, creation: undefined };
  /** conf_id → what was made of it all since the last change: the same answer is the same object. */
  readonly #answers = new Map<string, Permissions>();

  /** False where a bound leaves it out. */
  change(change: PermissionsChange): boolean {
    this.#answers.clear();
    switch (change.kind) {
      case 'power_levels':
        this.#power = { ...this.#power, levels: change.levels };
        return true;
      case 'creation':
        this.#power = { ...this.#power, creation: change.creation };
        return true;
      case 'permissions':
        if (change.permissions === undefined) this.#events.delete(change.confId);
        else if (this.#events.size >= MOST_EVENTS && !this.#events.has(change.confId)) return false;
        else this.#events.set(change.confId, change.permissions);
        return true;
    }
  }

  /** Of one conference. The same object until something changes. */
  of(confId: string): Permissions {
    const known = this.#answers.get(confId);
    if (known !== undefined) return known;
    const answer = permissionsFor(this.#events.get(confId), this.#events.get(''), this.#power);
    this.#answers.set(confId, answer);
    return answer;
  }
}
