import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Waits until `holds` says so, and gives how long that took in ms. Rejects after `withinMs`, with what `holds` said last:
 * a text is what is still missing.
 */
export async function until(what: string, withinMs: number, holds: () => boolean | string): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const state = holds();
    const elapsed = performance.now() - begun;
    if (state === true) return elapsed;
    if (elapsed > withinMs) {
      throw new Error(`not within ${withinMs} ms: ${what}${typeof state === 'string' ? ` (${state})` : ''}`);
    }
    await delay(POLL_MS);
  }
}
