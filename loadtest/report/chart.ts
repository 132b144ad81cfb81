/** Charts as data, and how they become figures of a page: lines, areas, veils over times, marks. Pure. */
import * as Plot from '@observablehq/plot';
import { writeClock, writeCount } from '../quantity.ts';
import { drawPlot, type Format, HALF, NARROW, WIDE } from './drawing.ts';
import { html, type Markup, NOTHING } from '../../html/markup.ts';

/** Names of the page's colours: see style.ts. */
export type Hue =
  | 'hue-1'
  | 'hue-2'
  | 'hue-3'
  | 'hue-4'
  | 'hue-5'
  | 'quiet'
  | 'bad-line'
  | 'layer-0'
  | 'layer-1'
  | 'layer-2';

export interface Point {
  x: number;
  /** Undefined: a gap. */
  value: number | undefined;
  /** What a bar of spread covers. */
  from?: number;
  to?: number;
}

export interface Series {
  name: string;
  hue: Hue;
  /** `dotted-line` shows where it was measured; its spread, too. */
  look: 'line' | 'dashes' | 'area' | 'dots' | 'dotted-line';
  /** Belongs to another series, and needs no place in the legend. */
  isUnlisted?: boolean;
  points: readonly Point[];
}

/** A part of the x axis that differs from the rest. */
export interface Veil {
  from: number;
  to: number;
  look: 'step' | 'failed' | 'void' | 'judged';
}

export interface ChartMark {
  x: number;
  text?: string;
  look: 'failed' | 'void' | 'plain';
}

export interface Chart {
  title: string;
  size: 'wide' | 'half';
  /** px. */
  height: number;
  /** `time`: x is in ms. `doubling`: each doubling takes the same room; x is 1 or more. */
  x: { kind: 'time' | 'count' | 'doubling'; to: number };
  /** The y axis reaches from 0 to this at least: noise is not drawn as if it were something. */
  leastTop: number;
  /** Areas stand on each other; all have the same x then. */
  isStacked?: boolean;
  series: readonly Series[];
  veils?: readonly Veil[];
  marks?: readonly ChartMark[];
}

/** A figure with its legend; nothing where there is nothing to draw. */
export function chartFigure(chart: Chart): Markup {
  const series = chart.series.filter(({ points }) => points.some(({ value }) => value !== undefined));
  if (series.length === 0) return NOTHING;
  const drawn = { ...chart, series };
  const formats = chart.size === 'wide' ? [WIDE, NARROW] : [HALF, NARROW];
  return html`<figure class="plot plot-of-${chart.size}"><figcaption><b>${chart.title}</b>${legend(series)}</figcaption>${formats.map(format => draw(drawn, format))}</figure>
`;
}

/** One series that is what the title says needs none. */
function legend(series: readonly Series[]): Markup {
  const listed = series.filter(({ isUnlisted }) => isUnlisted !== true);
  if (listed.length < 2) return NOTHING;
  return html`<span class="legend">${listed.map(
    ({ name, hue, look }) => html`<span><i class="${swatchOf(look)}" style="--of: var(--${hue})"></i>${name}</span>`,
  )}</span>`;
}

function swatchOf(look: Series['look']): string {
  switch (look) {
    case 'line':
    case 'dotted-line':
      return 'line';
    case 'dashes':
      return 'dashes';
    case 'dots':
      return 'dot';
    case 'area':
      return '';
  }
}

interface Drawable {
  x: number;
  /** NaN is a gap: lines break there. */
  y: number;
  series: Series;
  low: number;
  high: number;
}

function draw(chart: Chart, format: Format): Markup {
  const most = pointsOf(format);
  const points = chart.series.flatMap(series =>
    thinned(series.points, most).map(
      ({ x, value = Number.NaN, from = value, to = value }): Drawable => ({ x, y: value, series, low: from, high: to }),
    ),
  );
  const top = 1.06 * Math.max(chart.leastTop, chart.isStacked === true ? stackTop(points) : highest(points));
  return drawPlot(format, {
    ariaLabel: chart.title,
    height: chart.height,
    marginLeft: 48,
    marginTop: hasWords(chart, format) ? 22 : 10,
    x: axisOf(chart, format),
    y: { domain: [0, top], ticks: chart.height > 180 ? 5 : 4, grid: true, label: null, tickFormat: writeTick },
    marks: [
      Plot.rect(chart.veils ?? [], {
        x1: 'from',
        x2: 'to',
        fill: ({ look }: Veil) => `var(--veil-${look})`,
      }),
      ...seriesMarks(points, chart),
      ...chartMarks(chart, format),
    ],
  });
}

function seriesMarks(points: readonly Drawable[], chart: Chart): Plot.Markish[] {
  const hue = ({ series }: Drawable): string => `var(--${series.hue})`;
  const of = (...looks: Series['look'][]): Drawable[] => points.filter(({ series }) => looks.includes(series.look));
  const lineOf = { x: 'x', y: 'y', z: ({ series }: Drawable) => series.name, stroke: hue } as const;
  const areas = of('area');
  const areaOf = { x: 'x', z: lineOf.z, fill: hue } as const;
  const spreads = points.filter(({ low, high }) => high > low);
  return [
    chart.isStacked === true
      ? Plot.areaY(areas, { ...areaOf, y: ({ y }: Drawable) => (Number.isNaN(y) ? 0 : y), fillOpacity: 0.9 })
      : [
          Plot.areaY(areas, { ...areaOf, y1: 0, y2: 'y', fillOpacity: 0.22 }),
          Plot.lineY(areas, { ...lineOf, strokeWidth: 1.6 }),
        ],
    Plot.ruleX(spreads, { x: 'x', y1: 'low', y2: 'high', stroke: hue, strokeWidth: 4, strokeOpacity: 0.3 }),
    Plot.lineY(of('line', 'dotted-line'), { ...lineOf, strokeWidth: 1.6 }),
    Plot.lineY(of('dashes'), { ...lineOf, strokeWidth: 1.3, strokeDasharray: '4 3' }),
    Plot.dot(of('dots', 'dotted-line'), {
      x: 'x',
      y: 'y',
      fill: hue,
      r: 3,
      title: ({ x, y, series }: Drawable) =>
        `${series.name}, at ${chart.x.kind === 'time' ? writeClock(x) : writeCount(x)}: ${writeTick(y)}`,
    }),
  ];
}

/** Rules everywhere; words where there is room. */
function chartMarks(chart: Chart, format: Format): Plot.Markish[] {
  const marks = chart.marks ?? [];
  const colour = ({ look }: ChartMark): string => (look === 'plain' ? 'var(--mark)' : `var(--${look}-mark)`);
  const middle = chart.x.to / 2;
  const words = (those: readonly ChartMark[], textAnchor: 'start' | 'end'): Plot.Markish =>
    Plot.text(those, {
      x: 'x',
      text: ({ text = '' }: ChartMark) => text,
      fill: colour,
      frameAnchor: 'top',
      textAnchor,
      lineAnchor: 'bottom',
      dy: -6,
      dx: textAnchor === 'end' ? 4 : -4,
      fontWeight: 600,
    });
  return [
    Plot.ruleX(marks, { x: 'x', stroke: colour, strokeDasharray: '2 3' }),
    ...(hasWords(chart, format)
      ? [
          words(
            marks.filter(({ x }) => x < middle),
            'start',
          ),
          words(
            marks.filter(({ x }) => x >= middle),
            'end',
          ),
        ]
      : []),
  ];
}

function hasWords({ size, marks = [] }: Chart, { name }: Format): boolean {
  return size === 'wide' && name !== 'narrow' && marks.some(({ text }) => text !== undefined);
}

function axisOf({ x, series }: Chart, format: Format): Plot.ScaleOptions {
  const domain = [0, x.to];
  const most = { wide: 12, half: 6, narrow: 4 }[format.name];
  switch (x.kind) {
    case 'count':
      return { domain, ticks: most, label: null };
    case 'doubling': {
      const measured = [...new Set(series.flatMap(({ points }) => points.map(point => point.x)))];
      return { type: 'log', domain: [1, x.to], ticks: measured, tickFormat: writeCount, label: null };
    }
    case 'time': {
      const everyMs = TICKS_MS.find(each => x.to / each <= most) ?? 3_600_000;
      const ticks = Array.from({ length: Math.floor(x.to / everyMs) + 1 }, (_, index) => index * everyMs);
      return { domain, ticks, tickFormat: writeClock, label: null };
    }
  }
}

const TICKS_MS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600].map(seconds => seconds * 1_000);

/** As many as a screen can tell apart. */
function pointsOf({ name }: Format): number {
  return name === 'wide' ? 520 : 250;
}

/** The highest of each part, which is what a watcher looks for; gaps stay gaps. */
export function thinned(points: readonly Point[], most: number): Point[] {
  const each = Math.ceil(points.length / most);
  if (each <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / each) }, (_, index) => {
    const part = points.slice(index * each, (index + 1) * each);
    const known = part.filter(({ value }) => value !== undefined);
    const [first] = known.toSorted((a, b) => (b.value ?? 0) - (a.value ?? 0));
    return { ...first, x: part.at(-1)?.x ?? 0, value: first?.value };
  });
}

function highest(points: readonly Drawable[]): number {
  return points.reduce((top, { y, high }) => Math.max(top, Number.isNaN(y) ? 0 : y, Number.isNaN(high) ? 0 : high), 0);
}

function stackTop(points: readonly Drawable[]): number {
  const sums = new Map<number, number>();
  for (const { x, y } of points) if (!Number.isNaN(y)) sums.set(x, (sums.get(x) ?? 0) + y);
  return Math.max(0, ...sums.values());
}

function writeTick(value: number): string {
  if (Number.isNaN(value)) return '';
  return value >= 1_000 ? writeCount(value) : `${Number(value.toPrecision(3))}`;
}
