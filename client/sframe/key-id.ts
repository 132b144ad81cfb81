/** Key ids of sender keys (RFC 9605, section 5.1): how often the sender has made a new key, and has taken that one forward. Pure. */

export interface KeyStep {
  /** Counts the keys that were sent to the others, from 0. */
  readonly generation: number;
  /** Counts how often this one was ratcheted, from 0 to `LAST_STEP`. */
  readonly step: number;
}

/** R in the RFC. */
const STEP_BITS = 8n;
/** After it a new key is made: so a step is itself, not one of several with the same low bits, however long nobody looked. */
export const LAST_STEP = 2 ** Number(STEP_BITS) - 1;
/** JSON and JavaScript carry no more. */
const MOST_GENERATION = BigInt(Number.MAX_SAFE_INTEGER);

export function keyIdOf({ generation, step }: KeyStep): bigint {
  return (BigInt(generation) << STEP_BITS) | BigInt(step);
}

/** `undefined` for a key id that nobody can have. */
export function keyStepOf(keyId: bigint): KeyStep | undefined {
  const generation = keyId >> STEP_BITS;
  if (generation > MOST_GENERATION) return undefined;
  return { generation: Number(generation), step: Number(keyId & BigInt(LAST_STEP)) };
}
