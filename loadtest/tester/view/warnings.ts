/** When the tester is about to measure itself. Pure. */
import { writeCount, writeDuration, writePercent } from '../../quantity.ts';
import type { TesterSample } from '../result.ts';

/** Before the limits from which on a second counts as the tester's own. */
const BUSY_PCT = 80;
const LATE_MS = 60;

/** In words, with what to do; undefined where all is well. */
export function testerWarning(tester: TesterSample): string | undefined {
  if (tester.dropped > 0) {
    return `The system dropped ${writeCount(tester.dropped)} packets before the tester read them: loss is the tester's own. Raise net.core.rmem_max, or use more testers.`;
  }
  if (tester.busiestThreadPct >= BUSY_PCT) {
    return `The tester nears its limit: its busiest thread takes ${writePercent(tester.busiestThreadPct)} of a core. Use more testers, or a faster machine.`;
  }
  if (tester.loopLagMs >= LATE_MS) {
    return `The tester nears its limit: its event loop is ${writeDuration(tester.loopLagMs)} late. Use more testers, or a machine that does nothing else.`;
  }
  if ((tester.machinePct ?? 0) >= BUSY_PCT && (tester.machineSharePct ?? 0) >= 50) {
    return `The tester nears its limit: ${writePercent(tester.machinePct ?? 0)} of its machine is busy, most of that with the tester. Run it on another machine than the focus.`;
  }
  return undefined;
}
