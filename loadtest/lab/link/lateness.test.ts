import { describe, expect, it } from 'vitest';
import { Lateness } from './lateness.ts';

describe('lateness', () => {
  it('tells the 99th percentile, rounded up to 0.1 ms, and the maximum', () => {
    const lateness = new Lateness();
    for (let sent = 0; sent < 990; sent += 1) lateness.add(0.42);
    for (let sent = 0; sent < 9; sent += 1) lateness.add(20);
    lateness.add(123.4);
    expect(lateness.report()).toEqual({ p99: 0.5, max: 123.4, packets: 1000 });
    lateness.add(20);
    expect(lateness.report().p99).toBe(20.1);
  });

  it('is 0 before the first packet and after clear', () => {
    const lateness = new Lateness();
    lateness.add(5);
    lateness.clear();
    expect(lateness.report()).toEqual({ p99: 0, max: 0, packets: 0 });
  });

  it('takes any lateness in', () => {
    const lateness = new Lateness();
    lateness.add(1e9);
    expect(lateness.report()).toEqual({ p99: 1e9, max: 1e9, packets: 1 });
  });
});
