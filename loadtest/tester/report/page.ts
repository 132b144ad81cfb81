/** The report of a run as one HTML file that asks for nothing else. Pure. */
import { writeBytes, writeClock, writeCount, writeDuration, writePercent } from '../../quantity.ts';
import { chartFigure } from '../../report/chart.ts';
import { reportDocument, writeDay } from '../../report/document.ts';
import { html, type Markup, NOTHING } from '../../../html/markup.ts';
import { writeMachine } from '../compare.ts';
import type { RunResult } from '../result.ts';
import { verdictOf } from '../verdict.ts';
import { chaptersOf } from './charts.ts';
import { costSection } from './cost.ts';
import { header } from './header.ts';
import { stepTable } from './steps.ts';

/** The text of the file. It works from a disk, and runs nothing. */
export function writeReport(result: RunResult): string {
  return reportDocument(
    `Load test: ${verdictOf(result).headline}`,
    html`${header(result)}
${failures(result)}
${chaptersOf(result).map(({ title, charts }) => chapter(title, charts.map(chartFigure)))}
${costSection(result)}
${stepTable(result)}
${setting(result)}
${howToRead()}`,
  );
}

function chapter(title: string, figures: readonly Markup[]): Markup {
  const drawn = figures.filter(({ text }) => text !== '');
  if (drawn.length === 0) return NOTHING;
  return html`<section class="card"><h2>${title}</h2><div class="plots">${drawn}</div></section>
`;
}

function failures({ failures: all }: RunResult): Markup {
  if (all.length === 0) return NOTHING;
  return html`<section class="card"><h2>What went wrong</h2><ul class="failures">${all.map(one => html`<li>${one}</li>`)}</ul></section>`;
}

function setting(result: RunResult): Markup {
  const { scenario, target, testers, startedAt, durationMs } = result;
  const facts: [name: string, value: string][] = [
    ['Scenario', `${scenario.name}: ${scenario.description}`],
    ['Publishers', writeCount(scenario.publishers)],
    ['Focus', `${target.focusUser}, device ${target.focusDevice}`],
    ['Homeserver', target.homeserver],
    ['Load testers', writeCount(testers)],
    ["Load tester's machine", writeMachine(result)],
    ['Started', writeDay(new Date(startedAt))],
    ['Took', writeClock(durationMs)],
  ];
  return html`<section class="card"><h2>Setting</h2><dl class="plan">${facts.map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
  )}</dl>${canary(result)}</section>`;
}

function canary({ canary: seen }: RunResult): Markup {
  if (seen === undefined) {
    return html`<p class="soft after">No real browser was in the call: what was received was counted, not decoded.</p>`;
  }
  const { framesDecoded, freezes, concealedPct, isHappy } = seen;
  return html`<p class="soft after">A real browser was in the call, ${isHappy ? 'and was well served' : 'and was not well served'}: it decoded ${writeCount(framesDecoded)} frames, with ${writeCount(freezes)} freezes and ${writePercent(concealedPct)} of the sound concealed.</p>`;
}

function howToRead(): Markup {
  return html`<section class="card"><h2>How to read this</h2>
<p class="soft">A step is a time with the same number of participants; steps that were held are shaded. A receiver is unhappy
while it has not had its first media in time, loses audio, has no new picture for over a second, or gets no layer of a video
that it wants. The capacity is the largest step that was held before one that failed. A step in which the load tester or its
machine was at its own limit is void: what it saw is its own fault. CPU is of one core, so a focus with several workers can take
more than 100 %; the busiest worker cannot. Cost is the slope over the steps that were held. ${writeDuration(1_000)} of a run is one
sample; long runs are drawn by the highest value of each part. Memory is in powers of ten: ${writeBytes(1e6)} are a million bytes.</p>
</section>`;
}
