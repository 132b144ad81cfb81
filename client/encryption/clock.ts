/** Time, as the exchange of keys sees it. */

export interface Timer {
  /** Twice does no harm. */
  cancel(): void;
}

export interface Clock {
  /** ms since 1970, never going back. */
  now(): number;
  /** Calls `fire` once, `delayMs` from now, unless cancelled. */
  after(delayMs: number, fire: () => void): Timer;
}

/** Of browsers and Node. It starts with the time of day, and heeds no correction of that. */
export const systemClock: Clock = {
  now: () => Math.round(performance.timeOrigin + performance.now()),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
