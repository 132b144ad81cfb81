import type { Recording, Verdict } from '../result.ts';
import { atLeast, describeMiss, exactly } from './checks.ts';
import { figuresOf } from './figures.ts';
import { ruleOn } from './rules.ts';

/** Shortest time that a scenario is judged, s. */
export const JUDGED_AT_LEAST_S = 30;

/** The figures of a recording, and whether they keep the bounds of its scenario. Pure. */
export function judge(recording: Recording): Verdict {
  const common = figuresOf(recording);
  const { extra, checks: own, reportedOnly = false } = ruleOn(recording, common);
  const checks = [
    ...own,
    exactly({ figure: 'paused_though_it_fits_s', value: common.paused_though_it_fits_s, unit: 's' }, 0),
    atLeast({ figure: 'judged_s', value: common.judged_s, unit: 's' }, JUDGED_AT_LEAST_S),
  ];
  return {
    name: recording.scenario,
    figures: { ...common, ...extra },
    checks,
    reportedOnly,
    failures: reportedOnly
      ? []
      : checks.filter(({ passed }) => !passed).map(missed => `${recording.scenario}: ${describeMiss(missed)}`),
  };
}
