/** How often a session may begin to want the floor: all others are told each time. Pure. */

/** People who stutter on their key, and then some. */
export const CLAIMS_AT_ONCE = 8;
export const CLAIMS_PER_SECOND = 2;

export interface ClaimRate {
  readonly left: number;
  /** When that was counted, ms since 1970. */
  readonly at: number;
}

export function freshClaims(now: number): ClaimRate {
  return { left: CLAIMS_AT_ONCE, at: now };
}

/** What is left after one more; `undefined` where that is one too many. */
export function afterClaim({ left, at }: ClaimRate, now: number): ClaimRate | undefined {
  const refilled = Math.min(CLAIMS_AT_ONCE, left + ((now - at) * CLAIMS_PER_SECOND) / 1_000);
  return refilled < 1 ? undefined : { left: refilled - 1, at: now };
}
