/** The last line of stdout. Pure. */
import type { Figures, Played } from '../loadtest/lab/result.ts';

export interface NetworkResult {
  /** Each with its name and its figures; with its name alone where it could not be played. */
  scenarios: Record<string, string | Figures[string]>[];
  /** Of `nobody-watching`; null where that was not played, or not measured. */
  upstream_off_ms: number | null;
  upstream_on_ms: number | null;
  /** Empty where all bounds were kept. */
  failures: string[];
}

export function resultOf(played: readonly Played[]): NetworkResult {
  const watching = played.find(one => one.kind === 'judged' && one.verdict.name === 'nobody-watching');
  const figure = (name: string): number | null => {
    const value = watching?.kind === 'judged' ? watching.verdict.figures[name] : undefined;
    return typeof value === 'number' ? value : null;
  };
  return {
    scenarios: played.map(one =>
      one.kind === 'judged' ? { name: one.verdict.name, ...one.verdict.figures } : { name: one.name },
    ),
    upstream_off_ms: figure('upstream_off_ms'),
    upstream_on_ms: figure('upstream_on_ms'),
    failures: played.flatMap(one =>
      one.kind === 'judged' ? one.verdict.failures : [`${one.name}: was not played: ${one.reason}`],
    ),
  };
}

/**
 * Whether the run is as it should be. A control run is where `steps` was played and missed a bound that congestion control keeps:
 * one that broke, or that only missed something else, shows nothing.
 */
export function isAsItShouldBe(played: readonly Played[], control: boolean): boolean {
  if (!control) return resultOf(played).failures.length === 0;
  const CONTROLLED = ['sent_over_capacity_s', 'queue_drained_s', 'concealed_pct'];
  return played.some(
    one =>
      one.kind === 'judged' &&
      one.verdict.name === 'steps' &&
      one.verdict.checks.some(({ figure, value, passed }) => !passed && value !== null && CONTROLLED.includes(figure)),
  );
}
