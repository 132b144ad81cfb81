import type { AudioRecording, Interval } from '../result.ts';
import { pointsIn } from './series.ts';

/** Percent of the samples that were made up, of the worst track; null where no audio was played, or a track played none. */
export function concealedPct(audios: readonly AudioRecording[], within: Interval): number | null {
  const each = audios.map(({ points }) => {
    const inside = pointsIn(points, within);
    const total = inside.reduce((sum, point) => sum + point.total, 0);
    const concealed = inside.reduce((sum, point) => sum + point.concealed, 0);
    return total === 0 ? Number.NaN : (100 * concealed) / total;
  });
  const worst = Math.max(...each);
  return Number.isFinite(worst) ? worst : null;
}
