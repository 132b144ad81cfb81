/**
 * How much slower than a machine of its own this one is now: wall time over processor time of a short burst of work. 1 where
 * nobody else runs. Product bounds are multiplied by it, so that they are strict where they can be met.
 */
export function slowness(): number {
  const burstMs = 60;
  const begun = performance.now();
  const cpu = process.cpuUsage();
  let used = 0;
  while (used < burstMs) {
    const { user, system } = process.cpuUsage(cpu);
    used = (user + system) / 1_000;
  }
  // Threads of the media stack count as processor time, too, so this can come out below 1.
  return Math.max(1, (performance.now() - begun) / used);
}

/** A product bound in ms as this machine can be held to it: taken before and after what is measured. */
export class Bound {
  readonly #ms: number;
  readonly #before = slowness();

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** The bound times the worse of both measurements. */
  stretched(): number {
    return this.#ms * Math.max(this.#before, slowness());
  }
}
