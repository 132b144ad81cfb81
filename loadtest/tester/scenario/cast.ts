/** Who plays what: participants are numbered from 0 in the order in which they join. Pure. */
import type { Preset, Role, Scenario } from './schema.ts';

export interface Part {
  role: Role;
  /** Among those of the role, from 0. */
  place: number;
}

/** Roles with a count come first, in the order of the file; the one without takes the rest. Undefined where nobody is needed. */
export function partOf({ roles }: Pick<Scenario, 'roles'>, index: number): Part | undefined {
  let from = 0;
  for (const role of roles) {
    if (role.count === undefined) continue;
    if (index < from + role.count) return { role, place: index - from };
    from += role.count;
  }
  const rest = roles.find(({ count }) => count === undefined);
  return rest === undefined ? undefined : { role: rest, place: index - from };
}

/** How many may take part at all. */
export function mostParticipants({ roles }: Pick<Scenario, 'roles'>): number {
  if (roles.some(({ count }) => count === undefined)) return Number.POSITIVE_INFINITY;
  return roles.reduce((sum, { count = 0 }) => sum + count, 0);
}

/** Of the first `participants`, those who publish something. */
export function publishersAmong(scenario: Pick<Scenario, 'roles'>, participants: number): number {
  let count = 0;
  for (let index = 0; index < participants; index += 1) {
    const publishes = partOf(scenario, index)?.role.publishes;
    if (publishes?.audio !== undefined || publishes?.video !== undefined) count += 1;
  }
  return count;
}

/** Of these participants: the preset itself, the next larger one, or the largest. */
export function presetFor({ presets }: Pick<Scenario, 'presets'>, participants: number): Preset {
  const rising = presets.toSorted((one, other) => one.participants - other.participants);
  const found = rising.find(preset => preset.participants >= participants) ?? rising.at(-1);
  if (found === undefined) throw new RangeError('a scenario has a preset');
  return found;
}
