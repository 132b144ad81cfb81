import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { EventLoopMeter } from './process-meter.ts';

let meter: EventLoopMeter;
afterEach(() => meter.close());

/** Holds the event loop. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('the event loop', () => {
  it('is late by what held it, and busier then than at rest', async () => {
    meter = new EventLoopMeter();
    await delay(200);
    meter.read();
    await delay(100);
    const rest = meter.read();
    for (let round = 0; round < 3; round += 1) {
      await delay(60);
      block(150);
    }
    await delay(60);
    const busy = meter.read();
    expect(busy.lagMs).toBeGreaterThan(90);
    expect(busy.utilization).toBeGreaterThan(rest.utilization);
    expect(busy.utilization).toBeLessThanOrEqual(1);
  });

  it('has no lag where nothing was measured yet', () => {
    meter = new EventLoopMeter();
    expect(meter.read().lagMs).toBe(0);
    expect(meter.read().lagMs).toBe(0);
  });
});
