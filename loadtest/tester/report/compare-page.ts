/** Two runs on one page: what differs, and their plots over each other. Pure. */
import { chartFigure, type Chart, type Point, type Series } from '../../report/chart.ts';
import { reportDocument, writeDay } from '../../report/document.ts';
import { html, type Markup, NOTHING } from '../../../html/markup.ts';
import type { Comparison, Row } from '../compare.ts';
import { writeRatio } from '../compare-table.ts';
import { mean, type MeanFigures, meanFigures, samplesIn } from '../figures.ts';
import type { RunResult, Sample } from '../result.ts';
import { verdictOf } from '../verdict.ts';

export interface Compared {
  comparison: Comparison;
  a: RunResult;
  b: RunResult;
  /** What the runs are called: their files. */
  names: { a: string; b: string };
}

/** The text of the file. */
export function writeComparison(compared: Compared): string {
  return reportDocument(
    `Load tests compared: ${compared.names.a}, ${compared.names.b}`,
    html`${header(compared)}
${table(compared)}
<section class="card"><h2>Over time</h2><div class="plots">${overTime(compared).map(chartFigure)}</div></section>
<section class="card"><h2>By participants</h2><p class="soft">Means of each step, the ones that failed included.</p><div class="plots">${byParticipants(compared).map(chartFigure)}</div></section>`,
  );
}

const TONES: Record<Row['verdict'], { tone: string; word: string }> = {
  better: { tone: 'good', word: 'better' },
  worse: { tone: 'bad', word: 'worse' },
  same: { tone: 'plain', word: 'same' },
  neither: { tone: 'plain', word: '' },
  unknown: { tone: 'plain', word: 'not comparable' },
};

function header({ comparison, a, b, names }: Compared): Markup {
  const count = (verdict: Row['verdict']): number => comparison.rows.filter(row => row.verdict === verdict).length;
  const runs = [
    { mark: 'A', hue: 'hue-1', name: names.a, run: a },
    { mark: 'B', hue: 'hue-2', name: names.b, run: b },
  ];
  return html`<header class="hero">
<p class="facts"><span>Two load tests compared</span></p>
<h1>${count('better')} better, ${count('worse')} worse, ${count('same')} the same</h1>
<div class="runs">${runs.map(
    ({
      mark,
      hue,
      name,
      run,
    }) => html`<div class="run" style="--of: var(--${hue})"><p class="facts"><b>${mark}</b><span>${name}</span><span>${writeDay(new Date(run.startedAt))}</span></p>
<p class="headline">${verdictOf(run).headline}</p><p class="soft">${verdictOf(run).details}</p></div>`,
  )}</div>
${comparison.notes.length === 0 ? NOTHING : html`<ul class="notes">${comparison.notes.map(note => html`<li>${note}</li>`)}</ul>`}
</header>`;
}

function table({ comparison }: Compared): Markup {
  return html`<section class="card"><h2>Figures</h2>
<table class="rows compared"><thead><tr>${['Figure', 'Seen from A, B is', 'A', 'B', 'Ratio'].map(title => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${comparison.rows.map(row => tableRow(row))}</tbody></table></section>`;
}

function tableRow({ figure, a, b, ratio, verdict }: Row): Markup {
  const { tone, word } = TONES[verdict];
  return html`<tr><th scope="row">${figure}</th><td data-label="Outcome"><span class="pill ${tone}">${word}</span></td><td data-label="A">${a}</td><td data-label="B">${b}</td><td data-label="Ratio">${writeRatio(ratio)}</td></tr>
`;
}

/** The same of both runs, in their colours. */
function both({ a, b, names }: Compared, look: Series['look'], pointsOf: (run: RunResult) => Point[]): Series[] {
  return [
    { name: `A: ${names.a}`, hue: 'hue-1', look, points: pointsOf(a) },
    { name: `B: ${names.b}`, hue: 'hue-2', look, points: pointsOf(b) },
  ];
}

function overTime(compared: Compared): Chart[] {
  const { a, b } = compared;
  const x = { kind: 'time', to: Math.max(1_000, ...[a, b].map(({ samples }) => samples.at(-1)?.atMs ?? 0)) } as const;
  const over = (valueOf: (sample: Sample) => number | undefined): Series[] =>
    both(compared, 'line', ({ samples }) => samples.map(sample => ({ x: sample.atMs, value: valueOf(sample) })));
  return [
    { title: 'Participants', size: 'wide', height: 200, x, leastTop: 1, series: over(({ connected }) => connected) },
    { title: 'Packets lost, %', size: 'half', height: 150, x, leastTop: 1, series: over(({ lostPct }) => lostPct) },
    {
      title: 'Busiest worker, % of one core',
      size: 'half',
      height: 150,
      x,
      leastTop: 20,
      series: over(({ focus }) => focus?.workerPct),
    },
  ];
}

const BY_STEP: readonly { title: string; of: keyof MeanFigures; per: number; leastTop: number }[] = [
  { title: 'Busiest worker, % of one core', of: 'workerPct', per: 1, leastTop: 20 },
  { title: 'Node, % of one core', of: 'nodePct', per: 1, leastTop: 5 },
  { title: 'Memory of the focus, MB', of: 'rssBytes', per: 1e6, leastTop: 50 },
  { title: 'Homeserver, % of one core', of: 'homeserverPct', per: 1, leastTop: 5 },
  { title: 'Packets lost, %', of: 'lostPct', per: 1, leastTop: 1 },
  { title: 'Unhappy at worst, %', of: 'unhappyPct', per: 1, leastTop: 2 },
];

function byParticipants(compared: Compared): Chart[] {
  const { a, b } = compared;
  const to = Math.max(1, ...[...a.steps, ...b.steps].map(({ participants }) => participants));
  const frame = { size: 'half', height: 170, x: { kind: 'count', to } } as const;
  return [
    ...BY_STEP.map(
      ({ title, of, per, leastTop }): Chart => ({
        ...frame,
        title,
        leastTop,
        series: both(compared, 'dotted-line', ({ samples, steps }) =>
          steps.map(step => {
            const value = meanFigures(samples, step)[of];
            return { x: step.participants, value: value === undefined ? undefined : value / per };
          }),
        ),
      }),
    ),
    {
      ...frame,
      title: 'First media of those who joined for it, median, ms',
      leastTop: 500,
      series: both(compared, 'dotted-line', firstMediaBySteps),
    },
  ];
}

/** Of the joins between the end of the step before and the end of each. */
function firstMediaBySteps({ samples, steps }: RunResult): Point[] {
  return steps.map((step, index) => ({
    x: step.participants,
    value: mean(
      samplesIn(samples, { fromMs: steps[index - 1]?.toMs ?? 0, toMs: step.toMs }).map(one => one.firstMediaMs?.median),
    ),
  }));
}
