/** The report of a run as one HTML file that asks for nothing else. Pure. */
import { describeMiss, withUnit } from '../../lab/judge/checks.ts';
import type { Check, Figures, Played } from '../../lab/result.ts';
import { planOf } from '../../lab/scenarios/table.ts';
import { type Drawn, drawScenario } from './plots.ts';
import { reportDocument, writeDay } from '../document.ts';
import { html, type Markup, NOTHING } from '../../../html/markup.ts';

export interface Run {
  /** Whose focus was tried: "this tree". */
  focus: string;
  startedAt: Date;
  tookS: number;
  /** Of the machine: "2 cores, Node 24, Chromium 156". */
  machine: string;
  played: readonly Played[];
  failures: readonly string[];
}

/** The text of the file. */
export function reportPage(run: Run): string {
  return reportDocument(
    `Network lab: ${run.failures.length === 0 ? 'passed' : `${run.failures.length} bounds missed`}`,
    html`${header(run)}
${summary(run.played)}
${run.played.map(scenario)}
${howToRead()}`,
  );
}

function header({ focus, startedAt, tookS, machine, played, failures }: Run): Markup {
  const passed = played.filter(isFine).length;
  return html`<header>
<div class="head">
<h1>What bad networks do to a call</h1>
<p class="verdict ${failures.length === 0 ? 'good' : 'bad'}">${passed} of ${played.length} scenarios in bounds</p>
</div>
<p class="facts"><span>Focus: ${focus}</span><span>${writeDay(startedAt)}</span><span>${Math.round(tookS / 60)} min</span><span>${machine}</span></p>
</header>`;
}

function isFine(one: Played): boolean {
  return one.kind === 'judged' && one.verdict.failures.length === 0;
}

function nameOf(one: Played): string {
  return one.kind === 'judged' ? one.verdict.name : one.name;
}

function summary(played: readonly Played[]): Markup {
  return html`<section class="card summary" aria-label="Bounds">
<table>
<thead><tr><th>Scenario</th><th>Figure</th><th>Measured</th><th>Bound</th><td></td></tr></thead>
${played.map(
  one =>
    html`<tbody>${
      one.kind === 'judged'
        ? one.verdict.checks.map((check, index) => checkRow(nameOf(one), check, index === 0, one.verdict.reportedOnly))
        : html`<tr><th><a href="#${one.name}">${one.name}</a></th><td colspan="3">${one.reason}</td><td><span class="pill bad">broken</span></td></tr>`
    }</tbody>`,
)}
</table>
</section>`;
}

function checkRow(name: string, check: Check, isFirst: boolean, reportedOnly: boolean): Markup {
  return html`<tr class="${isFirst ? 'first' : 'more'}"><th scope="row">${isFirst ? html`<a href="#${name}">${name}</a>` : NOTHING}</th><td class="figure"><code>${check.figure}</code></td><td class="number measured">${check.value === null ? 'not measured' : withUnit(check.value, check.unit)}</td><td class="number">${withUnit(check.bound, check.unit)}</td><td>${pill(check.passed, reportedOnly)}</td></tr>`;
}

function pill(passed: boolean, reportedOnly: boolean): Markup {
  if (passed) return html`<span class="pill good">kept</span>`;
  return reportedOnly ? html`<span class="pill told">told only</span>` : html`<span class="pill bad">missed</span>`;
}

function scenario(one: Played): Markup {
  const plan = planOf(one.kind === 'judged' ? one.verdict.name : one.name);
  const verdict = isFine(one)
    ? html`<span class="pill good">in bounds</span>`
    : html`<span class="pill bad">missed</span>`;
  return html`<section class="card" id="${nameOf(one)}">
<div class="head"><h2>${nameOf(one)}</h2>${one.kind === 'judged' && one.verdict.reportedOnly ? html`<span class="pill told">reported only</span>` : verdict}</div>
<dl class="plan"><dt>Link</dt><dd>${plan.link}</dd><dt>Call</dt><dd>${plan.call}</dd><dt>To show</dt><dd>${plan.bound}</dd></dl>
${one.kind === 'broken' ? html`<ul class="failures"><li>${one.reason}</li></ul>` : played(one)}
</section>
`;
}

function played({ recording, verdict }: Extract<Played, { kind: 'judged' }>): Markup {
  const missed = verdict.reportedOnly ? [] : verdict.checks.filter(({ passed }) => !passed);
  return html`${missed.length === 0 ? NOTHING : html`<ul class="failures">${missed.map(check => html`<li>${describeMiss(check)}</li>`)}</ul>`}
${figures(verdict.figures)}
${lateness(verdict.figures)}
${legend()}
${drawScenario(recording).map(figure)}`;
}

function figure({ title, svgs }: Drawn): Markup {
  return html`<figure class="plot"><figcaption>${title}</figcaption>${svgs}</figure>
`;
}

const SHOWN: readonly [figure: string, title: string, unit: Check['unit']][] = [
  ['judged_s', 'judged', 's'],
  ['sent_over_capacity_s', 'sent over capacity', 's'],
  ['queue_drained_s', 'queue drained', 's'],
  ['queue_p95_ms', 'queue, p95', 'ms'],
  ['link_use_pct', 'link use', '%'],
  ['concealed_pct', 'concealed audio', '%'],
  ['freezes_over_1s', 'freezes over 1 s', ''],
  ['longest_gap_ms', 'longest gap', 'ms'],
  ['paused_s', 'paused', 's'],
  ['relay_lateness_ms', 'relay late, p99', 'ms'],
];

function figures(all: Figures): Markup {
  const shown = SHOWN.flatMap(([key, title, unit]) => {
    const value = all[key];
    return typeof value === 'number' ? [html`<div><dt>${title}</dt><dd>${withUnit(value, unit)}</dd></div>`] : [];
  });
  return html`<dl class="figures">${shown}</dl>`;
}

/** More than this is of the order of what is measured, ms. */
const LATE_MS = 20;

function lateness({ relay_lateness_ms: late }: Figures): Markup {
  if (late === null || late <= LATE_MS) return NOTHING;
  return html`<p class="soft">The machine did not keep up: the relay itself was ${late} ms late (p99). Play this again alone.</p>`;
}

function legend(): Markup {
  const entries: [colour: string, shape: string, text: string][] = [
    ['capacity-fill', '', 'capacity'],
    ['sent', 'line', 'entered the link'],
    ['received', 'line', 'received'],
    ['estimate', 'dashes', "the focus's estimate"],
    ['layer-0', '', 'lowest'],
    ['layer-1', '', 'middle'],
    ['layer-2', '', 'highest layer'],
    ['paused', '', 'paused, announced'],
    ['frozen', '', 'frozen'],
  ];
  return html`<p class="legend" aria-hidden="true">${entries.map(
    ([colour, shape, text]) => html`<span><i class="${shape}" style="--of: var(--${colour})"></i>${text}</span>`,
  )}</p>`;
}

function howToRead(): Markup {
  return html`<section class="card">
<h2>How to read this</h2>
<p class="soft">What enters the link is counted by the relay, with retransmission, padding, audio and all headers, and shown as
means over a second, each at its middle, which is also how it is judged. The time before the judged one is shaded. A freeze is more than
1 s without a decoded frame while the publisher sends and the focus has not announced a pause; a pause fails where the lowest
layer fits nine tenths of the link beside the audio. A gap ends at the sample that tells of a frame, up to 100 ms late. The
queue is drained when it stays under 65 ms for a second. Where the focus tells no estimate, there is no such line.</p>
</section>`;
}
