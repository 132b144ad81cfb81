import { Compile } from 'typebox/compile';
import type { Static, TSchema } from 'typebox';
import { WeirError } from './errors.ts';

/** A validated value, or the reason why there is none. Bad input is data here, never an exception. */
export type Parsed<T> = { kind: 'ok'; value: T } | { kind: 'bad'; error: WeirError };

export function ok<T>(value: T): Parsed<T> {
  return { kind: 'ok', value };
}

export function bad(message: string): Parsed<never> {
  return { kind: 'bad', error: new WeirError('WEIR_BAD_MESSAGE', message) };
}

/**
 * A parser for one schema. The message of a failure names paths, never values: they could be secrets.
 * Unknown keys are let through: later versions of the protocol add some.
 */
export function parserOf<S extends TSchema>(what: string, schema: S): (input: unknown) => Parsed<Static<S>> {
  const validator = Compile(schema);
  return input => {
    if (validator.Check(input)) return ok(input);
    if (!isSmall(input)) return bad(`${what}: wrong, and too large to say where`);
    const paths = [...new Set(validator.Errors(input).map(error => shortPath(error.instancePath)))].slice(0, 5);
    return bad(`${what}: wrong or missing at ${paths.join(', ')}`);
  };
}

/** Values of an input, at most, for which it is said where it is wrong: that takes a hundred times as long as to see that it is. */
const MOST_LOOKED_AT = 2_000;

function isSmall(input: unknown): boolean {
  let left = MOST_LOOKED_AT;
  const isWithin = (value: unknown): boolean => {
    left -= 1;
    return left >= 0 && (typeof value !== 'object' || value === null || Object.values(value).every(isWithin));
  };
  return isWithin(input);
}

// A path holds keys of the sender's choice, of any length.
function shortPath(path: string): string {
  return path.length > 100 ? `${path.slice(0, 100)}…` : path || '/';
}

/** The value of the first of `keys` that `content` has. */
export function firstOf(content: object, keys: readonly string[]): unknown {
  for (const key of keys) if (Object.hasOwn(content, key)) return Reflect.get(content, key);
  return undefined;
}
