const FIRST_MS = 200;
const LONGEST_MS = 8_000;
const JITTER = 0.25;
/** Longest wait that a focus may ask for, in ms. */
const MOST_ASKED_MS = 300_000;
const ASKED_JITTER = 0.5;

/**
 * How long to wait before try number `failures` + 1, in ms: 200, 500, 1000, 2000… up to 8000, a quarter more or less so
 * that many clients do not return in step. `random` in [0, 1).
 */
export function backoffMs(failures: number, random: number): number {
  if (failures <= 0) return 0;
  const base = failures === 1 ? FIRST_MS : Math.min(LONGEST_MS, 500 * 2 ** (failures - 2));
  return Math.round(base * (1 - JITTER + 2 * JITTER * random));
}

/**
 * How long to wait where the focus asked for `retryAfterMs`: never less, and up to half as long again, so that those who were
 * refused together do not return together. `random` in [0, 1).
 */
export function askedWaitMs(retryAfterMs: number, random: number): number {
  return Math.round(Math.min(MOST_ASKED_MS, retryAfterMs) * (1 + ASKED_JITTER * random));
}
