/** The bounds of each scenario: what it adds to the figures, and what these have to be. Pure. */
import type { Check, Figures, LayerShares, Recording, ScenarioName, VideoRecording } from '../result.ts';
import { atLeast, atMost, exactly, under } from './checks.ts';
import { freezesIn, judgedInterval, judgedViewer, tenths, wholeOrNull } from './figures.ts';
import { fewestAlive, pinnedAboveFit } from './gallery.ts';
import { queueP95Ms } from './link.ts';
import { neighboursOf } from './neighbours.ts';
import { pointsIn } from './series.ts';
import { recoveryOf } from './steps.ts';
import { upstreamOf } from './upstream.ts';
import { layerAt, longestGapMs } from './video.ts';

/** `bursts` of the table: all is lost for so long, ms. */
export const BURST_MS = 300;
/** A sender may take so long to find the size of a deep queue, ms. */
const FINDS_THE_QUEUE_MS = 10_000;
/** A picture that moved within this time is kept, ms. */
const KEPT_WITHIN_MS = 2_000;
/** "The same layers": their shares of the time differ by no more, percent points. */
const SAME_LAYERS_PCT = 5;

export interface Ruling {
  extra: Record<string, number | null | Record<string, LayerShares>>;
  checks: Check[];
  reportedOnly?: true;
}

type Rule = (recording: Recording, figures: Figures) => Ruling;

const concealed = ({ concealed_pct: value }: Figures): Check => under({ figure: 'concealed_pct', value, unit: '%' }, 2);
const freezes = ({ freezes_over_1s: value }: Figures): Check =>
  exactly({ figure: 'freezes_over_1s', value, unit: '' }, 0);

const lowLoss: Rule = (recording, figures) => {
  const below = tenths(belowTopS(recording));
  return {
    extra: { below_top_layer_s: below },
    checks: [
      exactly({ figure: 'below_top_layer_s', value: below, unit: 's' }, 0),
      freezes(figures),
      concealed(figures),
    ],
  };
};

const highLoss: Rule = (recording, figures) => {
  const long = freezesIn(judgedViewer(recording), judgedInterval(recording), 2_000);
  return {
    extra: { freezes_over_2s: long },
    checks: [concealed(figures), exactly({ figure: 'freezes_over_2s', value: long, unit: '' }, 0)],
    reportedOnly: true,
  };
};

const RULES: Record<ScenarioName, Rule> = {
  steps: (recording, figures) => {
    const { receivedShare, demandShare } = recoveryOf(recording);
    return {
      extra: { received_after_recovery: receivedShare, demand_per_capacity: demandShare },
      checks: [
        atMost({ figure: 'sent_over_capacity_s', value: figures.sent_over_capacity_s, unit: 's' }, 2),
        atMost({ figure: 'queue_drained_s', value: figures.queue_drained_s, unit: 's' }, 4),
        concealed(figures),
        atLeast({ figure: 'received_after_recovery', value: receivedShare, unit: '×' }, 0.8),
        atLeast({ figure: 'demand_per_capacity', value: demandShare, unit: '×' }, 1.2),
      ],
    };
  },
  loss1: lowLoss,
  loss5: lowLoss,
  loss10: highLoss,
  loss20: highLoss,
  bursts: (_recording, figures) => ({
    extra: {},
    checks: [atMost({ figure: 'longest_gap_ms', value: figures.longest_gap_ms, unit: 'ms' }, BURST_MS + 1_000)],
  }),
  jitter: (_recording, figures) => ({ extra: {}, checks: [concealed(figures), freezes(figures)] }),
  bloat: recording => {
    const fromMs = (recording.firstMediaAtMs ?? recording.endsAtMs) + FINDS_THE_QUEUE_MS;
    const points = recording.link?.points ?? [];
    const late = wholeOrNull(queueP95Ms(points, { fromMs, toMs: recording.endsAtMs }));
    return {
      extra: { queue_p95_after_10s_ms: late },
      checks: [under({ figure: 'queue_p95_after_10s_ms', value: late, unit: 'ms' }, 300)],
    };
  },
  floor: (_recording, figures) => ({ extra: {}, checks: [concealed(figures)] }),
  'starving-viewer': recording => {
    const { layerDifferencePct, moreFreezes, layers } = neighboursOf(recording);
    return {
      extra: { layer_difference_pct: layerDifferencePct, more_freezes: moreFreezes, layers_of_the_others: layers },
      checks: [
        atMost({ figure: 'layer_difference_pct', value: layerDifferencePct, unit: '%' }, SAME_LAYERS_PCT),
        atMost({ figure: 'more_freezes', value: moreFreezes, unit: '' }, 0),
      ],
    };
  },
  'poor-uplink': recording => {
    const { kept, stalled } = poorUplink(recording);
    return {
      extra: { picture_gap_ms: kept, stall_gap_ms: stalled },
      checks: [
        atMost({ figure: 'picture_gap_ms', value: kept, unit: 'ms' }, KEPT_WITHIN_MS),
        under({ figure: 'stall_gap_ms', value: stalled, unit: 'ms' }, 2_500),
      ],
    };
  },
  gallery: recording => {
    const wanted = judgedViewer(recording).videos.length;
    const alive = fewestAlive(recording);
    const above = pinnedAboveFit(recording);
    return {
      extra: { thumbnails: wanted, fewest_alive: alive, pinned_layer_above_what_fits: above },
      checks: [
        exactly({ figure: 'thumbnails', value: wanted, unit: '' }, 49),
        exactly({ figure: 'fewest_alive', value: alive, unit: '' }, 49),
        atLeast({ figure: 'pinned_layer_above_what_fits', value: above, unit: '' }, 0),
      ],
    };
  },
  'nobody-watching': recording => {
    const { offMs, onMs, higherMs } = upstreamOf(recording);
    return {
      extra: { upstream_off_ms: offMs, upstream_on_ms: onMs, higher_layer_ms: higherMs },
      checks: [
        atMost({ figure: 'upstream_off_ms', value: offMs, unit: 'ms' }, 2_000),
        under({ figure: 'upstream_on_ms', value: onMs, unit: 'ms' }, 500),
        under({ figure: 'higher_layer_ms', value: higherMs, unit: 'ms' }, 3_500),
      ],
    };
  },
};

export function ruleOn(recording: Recording, figures: Figures): Ruling {
  return RULES[recording.scenario](recording, figures);
}

/** Time that a video was shown at less than its highest layer, s, of the video that was so for the longest. */
function belowTopS(recording: Recording): number {
  const judged = judgedInterval(recording);
  const seconds = judgedViewer(recording).videos.map(({ points, layers }) => {
    const inside = pointsIn(points, judged);
    const below = inside.filter(({ widthPx, paused }) => paused || layerAt(layers, widthPx) !== layers.at(-1)).length;
    return inside.length === 0 ? 0 : (below / inside.length) * ((judged.toMs - judged.fromMs) / 1_000);
  });
  return Math.max(0, ...seconds);
}

/** The video behind the poor uplink stands first, the one that stalls second; each longest gap in ms, null: never seen. */
function poorUplink(recording: Recording): { kept: number | null; stalled: number | null } {
  const judged = judgedInterval(recording);
  const [poor, stalling] = judgedViewer(recording).videos;
  const stall = recording.marks.find(({ kind }) => kind === 'stall');
  const gap = (video: VideoRecording | undefined, fromMs: number): number | null =>
    video === undefined || !video.points.some(({ frames }) => frames > 0)
      ? null
      : Math.round(longestGapMs(video, { fromMs, toMs: judged.toMs }));
  return {
    kept: gap(poor, judged.fromMs),
    stalled: stall === undefined ? null : gap(stalling, stall.atMs),
  };
}
