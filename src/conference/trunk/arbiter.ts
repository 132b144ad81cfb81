/** Which focus hands out the floor of a call over several. Pure. */
import { compareFoci, type DeviceKey, deviceOf } from '../../session.ts';

/** A focus, and the foci that it hears. */
export interface HearingFocus {
  readonly key: DeviceKey;
  readonly hears: ReadonlySet<DeviceKey>;
}

/**
 * The first, in the order in which the ends of a trunk are put, of those foci that hear all that anybody of these speaks of. `undefined`: none does, and the floor rests.
 *
 * There are no two: a focus that finds itself hears all whom those hear that it hears, so the call has no others, and each of them
 * finds the same one. Where one trunk is cut, that is a focus with trunks to both its ends.
 * @param others those whom `self` hears
 */
export function arbiterAmong(self: HearingFocus, others: readonly HearingFocus[]): DeviceKey | undefined {
  const all = [self, ...others];
  const spokenOf = new Set(all.flatMap(({ key, hears }) => [key, ...hears]));
  return all
    .filter(({ key, hears }) => [...spokenOf].every(one => one === key || hears.has(one)))
    .map(({ key }) => key)
    .toSorted((one, other) => compareFoci(deviceOf(one), deviceOf(other)))[0];
}
