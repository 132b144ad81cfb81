/** What the charts of a run show, out of its samples. Pure. */
import type { Chart, ChartMark, Hue, Point, Series, Veil } from '../../report/chart.ts';
import { writeCount } from '../../quantity.ts';
import { hasVideo, REASONS, stepThatFailed } from '../verdict.ts';
import { type HeldStep, type RunResult, type Sample, UNHAPPINESS, type Unhappiness } from '../result.ts';

export interface Chapter {
  title: string;
  charts: Chart[];
}

const LOW = 150;

/** All have the same time axis, steps and knee. */
export function chaptersOf(result: RunResult): Chapter[] {
  const video = hasVideo(result);
  return [
    { title: 'In the call', charts: [participants(result), unhappy(result), ...starts(result)] },
    {
      title: video ? 'What they saw and heard' : 'What they heard',
      charts: [loss(result), bitrate(result), ...(video ? [freezes(result), frames(result), layers(result)] : [])],
    },
    { title: 'The focus', charts: [focusCpu(result), focusMemory(result)] },
    { title: 'Around it', charts: [...homeserver(result), tester(result), lag(result)] },
  ];
}

interface Look {
  title: string;
  leastTop: number;
  series: Series[];
}

function half(result: RunResult, { title, leastTop, series }: Look): Chart {
  return { ...frame(result), title, size: 'half', height: LOW, leastTop, series };
}

/** What all charts over time share. */
function frame(result: RunResult): Pick<Chart, 'x' | 'veils' | 'marks'> {
  const step = stepThatFailed(result);
  return {
    x: { kind: 'time', to: endOf(result) },
    veils: veilsOf(result),
    marks: step === undefined ? [] : [{ x: step.fromMs, look: markLook(step) }],
  };
}

/** Of what was measured: until all have left the run goes on. */
function endOf({ samples, steps }: RunResult): number {
  return Math.max(1_000, samples.at(-1)?.atMs ?? 0, steps.at(-1)?.toMs ?? 0);
}

function markLook({ outcome }: HeldStep): ChartMark['look'] {
  return outcome === 'void' ? 'void' : 'failed';
}

function veilsOf({ steps }: RunResult): Veil[] {
  return steps.map(({ fromMs, toMs, outcome }) => ({
    from: fromMs,
    to: toMs,
    look: outcome === 'held' ? 'step' : outcome,
  }));
}

/** In words, which one chart is enough for. */
function kneeOf(result: RunResult): ChartMark[] {
  const step = stepThatFailed(result);
  if (step === undefined) return [];
  const reason = step.reason === undefined ? '' : `: ${shortened(step.reason)}`;
  const what = step.outcome === 'void' ? 'is void' : 'failed';
  return [{ x: step.fromMs, text: `${writeCount(step.participants)} ${what}${reason}`, look: markLook(step) }];
}

function shortened(text: string): string {
  return text.length > 72 ? `${text.slice(0, 70)}…` : text;
}

function over(samples: readonly Sample[], valueOf: (sample: Sample) => number | undefined): Point[] {
  return samples.map(sample => ({ x: sample.atMs, value: valueOf(sample) }));
}

function participants(result: RunResult): Chart {
  const { samples } = result;
  return {
    ...frame(result),
    marks: kneeOf(result),
    title: 'Participants',
    size: 'wide',
    height: 220,
    leastTop: 1,
    series: [
      { name: 'with media', hue: 'hue-1', look: 'area', points: over(samples, ({ connected }) => connected) },
      { name: 'wanted', hue: 'quiet', look: 'dashes', points: over(samples, ({ wanted }) => wanted) },
      { name: 'failed, so far', hue: 'bad-line', look: 'line', points: over(samples, ({ failed }) => failed) },
    ],
  };
}

const REASON_HUES: Record<Unhappiness, Hue> = {
  no_first_media: 'bad-line',
  audio_loss: 'hue-5',
  video_gap: 'hue-4',
  no_layer: 'hue-3',
};

function unhappy(result: RunResult): Chart {
  const seen = UNHAPPINESS.filter(reason => result.samples.some(sample => sample.unhappy[reason] > 0));
  const shown = seen.length === 0 ? UNHAPPINESS.slice(0, 1) : seen;
  return {
    ...frame(result),
    title: 'Unhappy receivers, %',
    size: 'wide',
    height: 130,
    leastTop: 2,
    isStacked: true,
    series: shown.map(reason => ({
      name: REASONS[reason],
      hue: REASON_HUES[reason],
      look: 'area',
      points: over(result.samples, sample =>
        sample.receivers === 0 ? 0 : (100 * sample.unhappy[reason]) / sample.receivers,
      ),
    })),
  };
}

function starts(result: RunResult): Chart[] {
  const titles = [
    ['firstMediaMs', 'Time to first media, ms'],
    ['joinMs', 'Time to join, ms'],
  ] as const;
  return titles.map(([of, title]) =>
    half(result, {
      title,
      leastTop: 500,
      series: [
        { name: 'median', hue: 'hue-1', look: 'dots', points: over(result.samples, sample => sample[of]?.median) },
        { name: 'p95', hue: 'hue-2', look: 'dots', points: over(result.samples, sample => sample[of]?.p95) },
      ],
    }),
  );
}

function loss(result: RunResult): Chart {
  return half(result, {
    title: 'Packets lost, %',
    leastTop: 1,
    series: [{ name: 'lost', hue: 'hue-5', look: 'area', points: over(result.samples, ({ lostPct }) => lostPct) }],
  });
}

function bitrate(result: RunResult): Chart {
  return half(result, {
    title: 'Bitrate, Mbit/s',
    leastTop: 1,
    series: [
      {
        name: 'received by all',
        hue: 'hue-1',
        look: 'area',
        points: over(result.samples, ({ bitrateIn }) => bitrateIn / 1e6),
      },
      {
        name: 'sent by all',
        hue: 'hue-2',
        look: 'line',
        points: over(result.samples, ({ bitrateOut }) => bitrateOut / 1e6),
      },
    ],
  });
}

function freezes(result: RunResult): Chart {
  return half(result, {
    title: 'Receivers whose picture stood still for over 1 s',
    leastTop: 4,
    series: [{ name: 'freezes', hue: 'hue-4', look: 'area', points: over(result.samples, one => one.freezes) }],
  });
}

function frames(result: RunResult): Chart {
  return half(result, {
    title: 'Frames per second, median',
    leastTop: 30,
    series: [{ name: 'frames', hue: 'hue-1', look: 'line', points: over(result.samples, one => one.framesPerSecond) }],
  });
}

const LAYER_HUES = ['layer-0', 'layer-1', 'layer-2'] as const;

function layers(result: RunResult): Chart {
  const heights = [...new Set(result.samples.flatMap(sample => Object.keys(sample.layers)))].toSorted(
    (a, b) => Number(a) - Number(b),
  );
  return {
    ...frame(result),
    title: 'Videos received, by height',
    size: 'wide',
    height: 170,
    leastTop: 1,
    isStacked: true,
    series: heights.map((height, index) => ({
      name: `${height} px`,
      // The scale is of three layers: a single one is the highest.
      hue: LAYER_HUES[Math.max(0, Math.min(2, index + 3 - heights.length))] ?? 'layer-0',
      look: 'area',
      points: over(result.samples, sample => sample.layers[height] ?? 0),
    })),
  };
}

function focusCpu(result: RunResult): Chart {
  const { samples } = result;
  return half(result, {
    title: 'CPU, % of one core',
    leastTop: 20,
    series: [
      { name: 'busiest worker', hue: 'hue-1', look: 'line', points: over(samples, ({ focus }) => focus?.workerPct) },
      { name: 'Node', hue: 'hue-2', look: 'line', points: over(samples, ({ focus }) => focus?.nodePct) },
      { name: 'all of it', hue: 'quiet', look: 'dashes', points: over(samples, ({ focus }) => focus?.cpuPct) },
    ],
  });
}

function focusMemory(result: RunResult): Chart {
  return half(result, {
    title: 'Memory (RSS), MB',
    leastTop: 50,
    series: [
      {
        name: 'focus',
        hue: 'hue-3',
        look: 'area',
        points: over(result.samples, ({ focus }) => focus && focus.rssBytes / 1e6),
      },
    ],
  });
}

function homeserver(result: RunResult): Chart[] {
  const { samples } = result;
  return [
    half(result, {
      title: 'Homeserver: CPU, % of one core',
      leastTop: 20,
      series: [{ name: 'CPU', hue: 'hue-4', look: 'area', points: over(samples, one => one.homeserver?.cpuPct) }],
    }),
    half(result, {
      title: 'Homeserver: memory (RSS), MB',
      leastTop: 50,
      series: [
        {
          name: 'memory',
          hue: 'hue-4',
          look: 'area',
          points: over(samples, ({ homeserver: of }) => of && of.rssBytes / 1e6),
        },
      ],
    }),
  ];
}

function tester(result: RunResult): Chart {
  const { samples } = result;
  return half(result, {
    title: 'Load tester: CPU, %',
    leastTop: 100,
    series: [
      {
        name: 'busiest thread, of one core',
        hue: 'hue-3',
        look: 'line',
        points: over(samples, one => one.tester.busiestThreadPct),
      },
      { name: 'its whole machine', hue: 'quiet', look: 'dashes', points: over(samples, one => one.tester.machinePct) },
    ],
  });
}

function lag(result: RunResult): Chart {
  const { samples } = result;
  const isBoth = samples.some(({ focus }) => focus?.loopLagMs !== undefined);
  return half(result, {
    title: isBoth ? 'Event loops late, ms' : 'Load tester: event loop late, ms',
    leastTop: 20,
    series: [
      { name: 'load tester, p99', hue: 'hue-3', look: 'line', points: over(samples, one => one.tester.loopLagMs) },
      { name: 'focus', hue: 'hue-2', look: 'line', points: over(samples, one => one.focus?.loopLagMs) },
    ],
  });
}
