/** The report of the bench of scale as one HTML file that asks for nothing else. Pure. */
import { writeBytes, writeClock, writeCount, writeDuration } from '../../quantity.ts';
import { writeMachine } from '../../tester/compare.ts';
import { verdictOf } from '../../tester/verdict.ts';
import { chartFigure } from '../chart.ts';
import { reportDocument, writeDay } from '../document.ts';
import { html, type Markup, NOTHING } from '../../../html/markup.ts';
import { capacityCharts, forwardingChart, joinChart, soakChart } from './charts.ts';
import { growthOf, handlesOf, joinRange, mostReceivers, slopesOf } from './figures.ts';
import type { Forwarding, Range, ScaleResult, Soak } from './result.ts';

/** The text of the file. */
export function writeScaleReport(result: ScaleResult): string {
  return reportDocument(
    'What a focus costs at scale',
    html`${header(result)}
${failures(result)}
${forwardingSection(result)}
${capacitySection(result)}
${joinSection(result)}
${soakSection(result)}
${setting(result)}`,
  );
}

function header(result: ScaleResult): Markup {
  const { failures: all, startedAt, durationMs } = result;
  return html`<header class="hero">
<p class="facts"><span class="pill ${all.length === 0 ? 'good' : 'bad'}">${all.length === 0 ? 'in bounds' : `${all.length} went wrong`}</span><span>Bench of scale</span><span>${writeDay(new Date(startedAt))}</span><span>took ${writeClock(durationMs)}</span></p>
<h1>What the focus costs at scale</h1>
<ul class="findings">${findings(result).map(text => html`<li>${text}</li>`)}</ul>
</header>`;
}

/** A sentence for each part that was measured. */
function findings(result: ScaleResult): string[] {
  const { capacity, joinCost, soak } = result;
  const kinds: readonly Forwarding['kind'][] = ['video', 'audio'];
  const forwarded = kinds.flatMap(kind => {
    const point = mostReceivers(result, kind);
    if (point?.worker === undefined) return [];
    const beside = point.bare === undefined ? '' : `; mediasoup alone takes ${writeMicros(point.bare.median)}`;
    return [
      `A packet of ${kind} to one of ${writeCount(point.receivers)} receivers takes ${writeMicros(point.worker.median)} of the media worker${beside}.`,
    ];
  });
  const runs = capacity.map(run => `${run.scenario.name}: ${verdictOf(run).headline} ${verdictOf(run).details}`);
  const joins = joinCost.toSorted((a, b) => a.participants - b.participants).at(-1);
  const join = joins && joinRange(joins);
  return [
    ...forwarded,
    ...runs,
    ...(joins === undefined || join === undefined
      ? []
      : [`A join into a call of ${writeCount(joins.participants)} takes ${writeDuration(join.median)} of CPU.`]),
    ...(soak === undefined ? [] : [soakFinding(soak)]),
  ];
}

function soakFinding(soak: Soak): string {
  const node = growthOf(soak, 'nodeRss');
  const worker = growthOf(soak, 'workerRss');
  if (node === undefined || worker === undefined) return 'The soak was too short to be judged.';
  const minutes = Math.round((soak.judged.last.toMs - soak.judged.first.fromMs) / 60_000);
  const left = handlesOf(soak).filter(({ before, after }) => after > before);
  const handles = left.map(({ kind, before, after }) => `${writeCount(after - before)} ${kind}`).join(', ');
  return `Over ${minutes} min memory changed by ${signed(node.pct)} (Node) and ${signed(worker.pct)} (worker). Left over: ${handles === '' ? 'nothing' : handles}.`;
}

function failures({ failures: all }: ScaleResult): Markup {
  if (all.length === 0) return NOTHING;
  return html`<section class="card"><h2>What went wrong</h2><ul class="failures">${all.map(one => html`<li>${one}</li>`)}</ul></section>`;
}

function forwardingSection({ forwarding }: ScaleResult): Markup {
  if (forwarding.length === 0) return NOTHING;
  const kinds = ['video', 'audio'] as const;
  const points = forwarding.toSorted((a, b) => b.kind.localeCompare(a.kind) || a.receivers - b.receivers);
  return html`<section class="card"><h2>What a forwarded packet costs</h2>
<p class="soft">CPU time for each packet to each receiver: median, with the range of all measurements as a bar. “mediasoup alone” is the same worker without the focus; the floor is the encryption and sending that nobody can do without.</p>
<div class="plots">${kinds.map(kind => chartFigure(forwardingChart(forwarding, kind)))}</div>
${table(
  ['Packets of', 'Worker', 'Node', 'mediasoup alone', 'Floor'],
  points.map(({ kind, receivers, worker, node, bare, floor }) => [
    `${kind} to ${writeCount(receivers)}`,
    ...[worker, node, bare, floor].map(writeRange),
  ]),
)}</section>`;
}

function capacitySection({ capacity }: ScaleResult): Markup {
  if (capacity.length === 0) return NOTHING;
  return html`<section class="card"><h2>What participants cost</h2>
<p class="soft">Each point is a step that was held; slopes are from 10 participants to the knee.</p>
<div class="plots">${capacityCharts(capacity).map(chartFigure)}</div>
${table(
  ['Scenario', 'Found', 'Worker, each', 'Node, each', 'Memory, each'],
  capacity.map(run => {
    const { workerPct, nodePct, rssBytes } = slopesOf(run);
    return [
      run.scenario.name,
      verdictOf(run).headline,
      workerPct === undefined ? '–' : writeShare(workerPct.slope),
      nodePct === undefined ? '–' : writeShare(nodePct.slope),
      rssBytes === undefined ? '–' : writeBytes(rssBytes.slope),
    ];
  }),
)}</section>`;
}

function joinSection({ joinCost }: ScaleResult): Markup {
  if (joinCost.length === 0) return NOTHING;
  return html`<section class="card"><h2>What a join costs</h2>
<p class="soft">CPU of the focus for one join more, by those who are in the call already: median, with the range of all joins.</p>
<div class="plots">${chartFigure(joinChart(joinCost))}</div></section>`;
}

function soakSection({ soak }: ScaleResult): Markup {
  if (soak === undefined) return NOTHING;
  const grown = (['nodeRss', 'workerRss'] as const).map(of => ({
    name: of === 'nodeRss' ? 'Node' : 'worker',
    growth: growthOf(soak, of),
  }));
  return html`<section class="card"><h2>What stays behind</h2>
<p class="soft">${soak.description}. Memory is compared between the two shaded times, and may grow by ${soak.mostGrowthPct} %.</p>
<dl class="figures">${grown.map(({ name, growth }) =>
    growth === undefined
      ? html`<div><dt>${name}</dt><dd>not measured</dd></div>`
      : html`<div><dt>${name}, ${writeBytes(growth.first)} to ${writeBytes(growth.last)}</dt><dd><span class="pill ${growth.isWithinBound ? 'good' : 'bad'}">${signed(growth.pct)}</span></dd></div>`,
  )}</dl>
<div class="plots">${chartFigure(soakChart(soak))}</div>
${table(
  ['Handles', 'Before', 'After', 'Left over'],
  handlesOf(soak).map(({ kind, before, after }) => [
    kind,
    writeCount(before),
    writeCount(after),
    after > before ? html`<span class="pill bad">${writeCount(after - before)}</span>` : 'none',
  ]),
)}</section>`;
}

function setting(result: ScaleResult): Markup {
  return html`<section class="card"><h2>Setting</h2><p class="soft">${writeMachine(result)}</p></section>`;
}

function table(titles: readonly string[], rows: readonly (readonly (string | Markup)[])[]): Markup {
  return html`<table class="rows plain-rows"><thead><tr>${titles.map(title => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([
      first = '',
      ...cells
    ]) => html`<tr><th scope="row">${first}</th>${cells.map((cell, index) => html`<td data-label="${titles[index + 1] ?? ''}">${cell}</td>`)}</tr>
`,
  )}</tbody></table>`;
}

function writeRange(range: Range | undefined): string {
  if (range === undefined) return '–';
  return `${micros(range.median)} µs (${micros(range.min)} to ${micros(range.max)})`;
}

function writeMicros(value: number): string {
  return `${micros(value)} µs`;
}

function micros(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}

/** "0.385 % of a core" */
function writeShare(percent: number): string {
  return `${Number(percent.toFixed(3))} % of a core`;
}

function signed(percent: number): string {
  return `${percent >= 0 ? '+' : '−'}${Math.abs(percent).toFixed(1)} %`;
}
