/** What a figure has to keep to. Pure. */

/** What is missed of a bound, if anything; exclusive. */
export function under(name: string, value: number | null, bound: number): string[] {
  if (value === null) return [`${name} was not measured`];
  return value < bound ? [] : [`${name} is ${value} and has to be under ${bound}`];
}

/** What is missed where all of some are needed. */
export function atLeast(name: string, value: number, bound: number): string[] {
  return value >= bound ? [] : [`${name} is ${value} and has to be ${bound}`];
}

/** Rounded to so many places; null where there is nothing to round. */
export function rounded(value: number | undefined, places = 0): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Number(value.toFixed(places));
}
