import type { Check } from '../result.ts';

interface Measured {
  figure: string;
  value: number | null;
  unit: Check['unit'];
}

export function under(measured: Measured, limit: number): Check {
  return check(measured, `< ${limit}`, value => value < limit);
}

export function atMost(measured: Measured, limit: number): Check {
  return check(measured, `≤ ${limit}`, value => value <= limit);
}

export function atLeast(measured: Measured, limit: number): Check {
  return check(measured, `≥ ${limit}`, value => value >= limit);
}

export function exactly(measured: Measured, wanted: number): Check {
  return check(measured, `${wanted}`, value => value === wanted);
}

/** "sent_over_capacity_s is 3.1 s, and has to be ≤ 2 s". */
export function describeMiss({ figure, value, unit, bound }: Check): string {
  const has = `has to be ${withUnit(bound, unit)}`;
  return value === null
    ? `${figure} was not measured, and ${has}`
    : `${figure} is ${withUnit(value, unit)}, and ${has}`;
}

export function withUnit(value: number | string, unit: Check['unit']): string {
  return unit === '' ? `${value}` : `${value} ${unit}`;
}

function check({ value, ...measured }: Measured, bound: string, holds: (value: number) => boolean): Check {
  // What cannot be measured has not been kept.
  return { ...measured, value, bound, passed: value !== null && holds(value) };
}
