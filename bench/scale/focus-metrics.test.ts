import { expect, test } from 'vitest';
import { loopLagMs, parseMetrics, participantsOf } from './focus-metrics.ts';

const TEXT = `# HELP weir_participants Participants
# TYPE weir_participants gauge
weir_participants{state="joining"} 1
weir_participants{state="present"} 3
weir_participants{state="silent"} 0
nodejs_eventloop_lag_p99_seconds 0.0125
process_resident_memory_bytes 1.5e8
this is no line of it
`;

test('metrics are read by name and labels', () => {
  const metrics = parseMetrics(TEXT);
  expect(metrics.get('weir_participants{state="present"}')).toBe(3);
  expect(metrics.get('process_resident_memory_bytes')).toBe(150_000_000);
  expect(metrics.size).toBe(5);
  expect(participantsOf(metrics)).toBe(4);
  expect(loopLagMs(metrics)).toBeCloseTo(12.5);
});

test('a lag that was not told, or of no turn of the loop, is none', () => {
  expect(loopLagMs(parseMetrics(''))).toBeUndefined();
  expect(loopLagMs(parseMetrics('nodejs_eventloop_lag_p99_seconds NaN\n'))).toBeUndefined();
});
