/** The plots of the report of scale, as data. Pure. */
import { heldFigures, type Line } from '../../tester/figures.ts';
import type { RunResult } from '../../tester/result.ts';
import type { Chart, Hue, Point, Series } from '../chart.ts';
import { joinRange, slopesOf } from './figures.ts';
import type { Forwarding, JoinCost, Range, Soak } from './result.ts';

const HUES: readonly Hue[] = ['hue-1', 'hue-2', 'hue-3', 'hue-4', 'hue-5'];

const PARTS: readonly { of: 'worker' | 'node' | 'bare' | 'floor'; name: string; hue: Hue }[] = [
  { of: 'worker', name: 'worker', hue: 'hue-1' },
  { of: 'bare', name: 'mediasoup alone', hue: 'hue-4' },
  { of: 'node', name: 'Node', hue: 'hue-2' },
  { of: 'floor', name: 'floor', hue: 'quiet' },
];

export function forwardingChart(forwarding: readonly Forwarding[], kind: Forwarding['kind']): Chart {
  const points = forwarding.filter(point => point.kind === kind).toSorted((a, b) => a.receivers - b.receivers);
  return {
    title: `${kind === 'video' ? 'Video' : 'Audio'}: µs for each packet, by receivers`,
    size: 'half',
    height: 210,
    // A log scale needs some length.
    x: { kind: 'doubling', to: Math.max(2, ...points.map(({ receivers }) => receivers)) },
    leastTop: 1,
    series: PARTS.map(({ of, name, hue }) => ({
      name,
      hue,
      look: 'dotted-line',
      points: points.map(point => pointOf(point.receivers, point[of])),
    })),
  };
}

function pointOf(x: number, range: Range | undefined): Point {
  return range === undefined ? { x, value: undefined } : { x, value: range.median, from: range.min, to: range.max };
}

/** The runs over each other, each with its line. */
export function capacityCharts(runs: readonly RunResult[]): Chart[] {
  const to = Math.max(1, ...runs.flatMap(run => heldFigures(run).map(({ participants }) => participants)));
  const frame = { height: 200, x: { kind: 'count', to } } as const;
  const figures = [
    { of: 'workerPct', size: 'wide', title: 'Busiest worker by participants, % of one core', per: 1, leastTop: 20 },
    { of: 'nodePct', size: 'half', title: 'Node by participants, % of one core', per: 1, leastTop: 5 },
    { of: 'rssBytes', size: 'half', title: 'Memory by participants, MB', per: 1e6, leastTop: 50 },
  ] as const;
  return figures.map(({ of, size, title, per, leastTop }) => ({
    ...frame,
    size,
    title,
    leastTop,
    series: runs.flatMap((run, index): Series[] => {
      const hue = HUES[index % HUES.length] ?? 'hue-1';
      const { name } = run.scenario;
      const points = heldFigures(run).map(({ participants, [of]: value }) => ({
        x: participants,
        value: value === undefined ? undefined : value / per,
      }));
      return [
        { name, hue, look: 'dots', points },
        {
          name: `${name} (${index}), line`,
          hue,
          look: 'dashes',
          isUnlisted: true,
          points: lineOver(slopesOf(run)[of], points, per),
        },
      ];
    }),
  }));
}

function lineOver(line: Line | undefined, points: readonly Point[], per: number): Point[] {
  if (line === undefined) return [];
  return points.map(({ x }) => ({ x, value: Math.max(0, line.base + line.slope * x) / per }));
}

export function joinChart(joinCost: readonly JoinCost[]): Chart {
  const points = joinCost.toSorted((a, b) => a.participants - b.participants);
  return {
    title: 'CPU of one join, ms, by participants',
    size: 'wide',
    height: 180,
    x: { kind: 'count', to: Math.max(1, ...points.map(({ participants }) => participants)) },
    leastTop: 1,
    series: [
      {
        name: 'join',
        hue: 'hue-1',
        look: 'dotted-line',
        points: points.map(one => pointOf(one.participants, joinRange(one))),
      },
    ],
  };
}

export function soakChart({ samples, judged }: Soak): Chart {
  const over = (valueOf: (sample: Soak['samples'][number]) => number): Point[] =>
    samples.map(sample => ({ x: sample.atMs, value: valueOf(sample) / 1e6 }));
  return {
    title: 'Memory (RSS) over time, MB',
    size: 'wide',
    height: 210,
    x: { kind: 'time', to: Math.max(1_000, samples.at(-1)?.atMs ?? 0, judged.last.toMs) },
    leastTop: 50,
    veils: [judged.first, judged.last].map(({ fromMs, toMs }) => ({ from: fromMs, to: toMs, look: 'judged' })),
    marks: [
      { x: judged.first.fromMs, text: 'judged first', look: 'plain' },
      { x: judged.last.fromMs, text: 'judged last', look: 'plain' },
    ],
    series: [
      { name: 'Node', hue: 'hue-2', look: 'line', points: over(({ nodeRss }) => nodeRss) },
      { name: 'worker', hue: 'hue-1', look: 'line', points: over(({ workerRss }) => workerRss) },
    ],
  };
}
