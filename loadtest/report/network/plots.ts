/** The plots of a scenario. Colours are the page's, by name. */
import * as Plot from '@observablehq/plot';
import { judgedInterval, judgedViewer } from '../../lab/judge/figures.ts';
import type { Recording } from '../../lab/result.ts';
import { drawPlot, type Format, NARROW, WIDE } from '../drawing.ts';
import type { Markup } from '../../../html/markup.ts';
import {
  capacities,
  concealment,
  estimates,
  freezes,
  type LayerSpan,
  layerSpans,
  type PlotPoint,
  queues,
  rates,
  received,
  type Span,
  upstream,
} from './series.ts';

const FORMATS: readonly Format[] = [WIDE, NARROW];

/** One plot in each format. */
export interface Drawn {
  title: string;
  svgs: Markup[];
}

export function drawScenario(recording: Recording): Drawn[] {
  const viewer = judgedViewer(recording);
  const drawn: Drawn[] = [{ title: 'Rate, Mbit/s', svgs: FORMATS.map(format => drawRates(recording, format)) }];
  if (recording.link?.points.some(({ capacityBps }) => capacityBps !== null)) {
    drawn.push({ title: 'Queue, ms', svgs: FORMATS.map(format => drawQueue(recording, format)) });
  }
  if (recording.publishers.length > 0) {
    drawn.push({
      title: 'Video that the publisher sends, Mbit/s',
      svgs: FORMATS.map(format => drawUpstream(recording, format)),
    });
  }
  for (const one of recording.viewers) {
    const of = recording.viewers.length > 1 ? ` of ${one.name}` : '';
    const spans = one.videos.flatMap(video => layerSpans(video, judgedInterval(recording)));
    const names = one.videos.map(({ name }) => name);
    drawn.push({ title: `Pictures${of}`, svgs: FORMATS.map(format => drawLayers(recording, names, spans, format)) });
  }
  if (viewer.audios.length > 0) {
    drawn.push({ title: 'Concealed audio, %', svgs: FORMATS.map(format => drawConcealment(recording, format)) });
  }
  return drawn;
}

function drawRates(recording: Recording, format: Format): Markup {
  const viewer = judgedViewer(recording);
  const points = recording.link?.points ?? [];
  const capacity = capacities(points);
  const entered = rates(points, 'enteredBytes', everyMsOf(format));
  const got = received(viewer, everyMsOf(format));
  const highest = Math.max(0.1, ...[...entered, ...got].map(({ value }) => value));
  // What is far above all that was sent would press that to the ground.
  const top = 1.15 * Math.min(2.5 * highest, Math.max(highest, ...capacity.map(({ value }) => value)));
  const line = (series: readonly PlotPoint[], stroke: string, more: Plot.LineYOptions = {}): Plot.Markish =>
    Plot.lineY(series, { x: 's', y: 'value', stroke: `var(--${stroke})`, strokeWidth: 1.6, clip: true, ...more });
  return draw(recording, format, {
    height: format.name === 'wide' ? 210 : 170,
    y: { domain: [0, top], ticks: 4, grid: true, label: null },
    marks: [
      Plot.areaY(capacity, { x: 's', y: 'value', curve: 'step-after', fill: 'var(--capacity-fill)', clip: true }),
      line(capacity, 'capacity', { curve: 'step-after' }),
      line(entered, 'sent'),
      line(got, 'received'),
      line(estimates(viewer), 'estimate', { curve: 'step-after', strokeDasharray: '5 3' }),
      ...scriptMarks(recording, format, top),
    ],
  });
}

function drawQueue(recording: Recording, format: Format): Markup {
  const series = queues(recording.link?.points ?? [], everyMsOf(format));
  return draw(recording, format, {
    height: 96,
    y: { domain: [0, Math.max(100, ...series.map(({ value }) => value))], ticks: 3, grid: true, label: null },
    marks: [
      Plot.areaY(series, { x: 's', y: 'value', fill: 'var(--queue-fill)' }),
      Plot.lineY(series, { x: 's', y: 'value', stroke: 'var(--queue)', strokeWidth: 1.2 }),
    ],
  });
}

function drawUpstream(recording: Recording, format: Format): Markup {
  const series = upstream(recording, everyMsOf(format));
  return draw(recording, format, {
    height: 96,
    y: { domain: [0, Math.max(0.1, ...series.map(({ value }) => value))], ticks: 3, grid: true, label: null },
    marks: [Plot.lineY(series, { x: 's', y: 'value', stroke: 'var(--sent)', strokeWidth: 1.6 })],
  });
}

function drawConcealment(recording: Recording, format: Format): Markup {
  const series = concealment(judgedViewer(recording).audios, everyMsOf(format));
  return draw(recording, format, {
    height: 84,
    y: { domain: [0, Math.max(5, ...series.map(({ value }) => value))], ticks: 2, grid: true, label: null },
    marks: [
      Plot.rectY(series, {
        x1: ({ s }: PlotPoint) => s - 1,
        x2: 's',
        y: 'value',
        fill: 'var(--concealed)',
        clip: true,
        inset: 0.5,
      }),
    ],
  });
}

function drawLayers(
  recording: Recording,
  names: readonly string[],
  spans: readonly LayerSpan[],
  format: Format,
): Markup {
  const isCrowded = names.length > 8;
  const lane = isCrowded ? 7 : 20;
  return draw(recording, format, {
    height: lane * names.length + 34,
    y: {
      domain: [...names],
      label: null,
      padding: isCrowded ? 0.15 : 0.3,
      // More names than lines of text.
      ...(isCrowded ? { ticks: [] } : { tickSize: 0 }),
    },
    marks: [
      Plot.barX(spans, {
        x1: 'fromS',
        x2: 'toS',
        y: 'video',
        fill: ({ look }: LayerSpan) => colourOf(look),
        title: ({ video, look, fromS, toS }: LayerSpan) =>
          `${video}: ${look.kind === 'layer' ? `layer ${look.rid}` : look.kind}, ${fromS.toFixed(1)} to ${toS.toFixed(1)} s`,
      }),
    ],
  });
}

/** The scale is of three layers: a single one is the highest. */
function colourOf(look: LayerSpan['look']): string {
  switch (look.kind) {
    case 'layer':
      return `var(--layer-${Math.max(0, Math.min(2, look.index + 3 - look.of))})`;
    case 'paused':
      return 'var(--paused)';
    case 'frozen':
      return 'var(--frozen)';
  }
}

interface Parts {
  height: number;
  y: Plot.ScaleOptions;
  marks: Plot.Markish[];
}

/** All plots of a scenario have the same time axis, and show where it is not judged and what froze. */
function draw(recording: Recording, format: Format, { height, y, marks }: Parts): Markup {
  const endsS = recording.endsAtMs / 1_000;
  const settling: Span[] = [{ fromS: 0, toS: judgedInterval(recording).fromMs / 1_000 }];
  return drawPlot(format, {
    height,
    marginLeft: format.name === 'wide' ? 84 : 64,
    x: { domain: [0, endsS], ticks: format.name === 'wide' ? 12 : 5, tickFormat: (s: number) => `${s} s`, label: null },
    y,
    marks: [
      Plot.rect(settling, { x1: 'fromS', x2: 'toS', fill: 'var(--settling)' }),
      Plot.rect(freezes(recording, judgedViewer(recording)), { x1: 'fromS', x2: 'toS', fill: 'var(--frozen-veil)' }),
      Plot.ruleX(recording.marks, {
        x: ({ atMs }: { atMs: number }) => atMs / 1_000,
        stroke: 'var(--mark)',
        strokeDasharray: '2 3',
      }),
      ...marks,
    ],
  });
}

/** Between points, ms. */
function everyMsOf({ name }: Format): number {
  return name === 'wide' ? 200 : 500;
}

/** What the script did, in words, where there is room for them. */
function scriptMarks(recording: Recording, format: Format, top: number): Plot.Markish[] {
  if (format.name === 'narrow') return [];
  return [
    Plot.text(recording.marks, {
      x: ({ atMs }: { atMs: number }) => atMs / 1_000,
      y: () => top,
      text: 'text',
      fill: 'var(--ink-soft)',
      textAnchor: 'start',
      lineAnchor: 'top',
      dx: 4,
    }),
  ];
}
