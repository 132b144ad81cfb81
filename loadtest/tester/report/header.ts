/** The top of a report: what was found, for those who read no further. Pure. */
import { writeBytes, writeCount, writeDuration, writePercent, writeRate } from '../../quantity.ts';
import { html, type Markup, NOTHING } from '../../../html/markup.ts';
import { writeDay } from '../../report/document.ts';
import { heldFigures } from '../figures.ts';
import type { HeldStep, RunResult, Spread } from '../result.ts';
import { type Verdict, verdictOf } from '../verdict.ts';

const TONES: Record<Verdict['kind'], { tone: string; pill: string }> = {
  found: { tone: 'told', pill: 'limit found' },
  'at-least': { tone: 'good', pill: 'limit not reached' },
  void: { tone: 'void', pill: 'void' },
  unknown: { tone: 'told', pill: 'no limit looked for' },
};

export function header(result: RunResult): Markup {
  const verdict = verdictOf(result);
  const { tone, pill } = TONES[verdict.kind];
  const { scenario, startedAt } = result;
  return html`<header class="hero ${verdict.kind === 'void' ? 'is-void' : ''}">
<p class="facts"><span class="pill ${tone}">${pill}</span><span>Load test “${scenario.name}”</span><span>${writeDay(new Date(startedAt))}</span></p>
<h1>${verdict.headline}</h1>
<p class="lead">${verdict.details}</p>
${stairs(result.steps)}
${keyFigures(result)}
</header>`;
}

/** Each step as high as it has participants. */
function stairs(steps: readonly HeldStep[]): Markup {
  if (steps.length === 0) return NOTHING;
  const most = Math.max(1, ...steps.map(({ participants }) => participants));
  return html`<ol class="stairs" aria-label="Steps">${steps.map(
    ({ participants, outcome }) =>
      html`<li class="${outcome}"><span>${writeCount(participants)}</span><i style="height: ${Math.round(8 + (72 * participants) / most)}px"></i><span class="outcome">${outcome}</span></li>`,
  )}</ol>`;
}

function keyFigures(result: RunResult): Markup {
  const last = heldFigures(result).at(-1);
  const at = last === undefined ? '' : ` at ${writeCount(last.participants)}`;
  const measured = (value: number | undefined, write: (value: number) => string): string | undefined =>
    value === undefined ? undefined : write(value);
  const figures: [title: string, value: string | undefined][] = [
    ['join, median / p95', result.joinMs && writeSpread(result.joinMs)],
    ['first media, median / p95', result.firstMediaMs && writeSpread(result.firstMediaMs)],
    [`busiest worker${at}`, measured(last?.workerPct, writePercent)],
    [`Node${at}`, measured(last?.nodePct, writePercent)],
    [`memory${at}`, measured(last?.rssBytes, writeBytes)],
    [`received${at}`, measured(last?.bitrateIn, writeRate)],
    [`packets lost${at}`, measured(last?.lostPct, writePercent)],
  ];
  const known = figures.flatMap(([title, value]) =>
    value === undefined ? [] : [html`<div><dt>${title}</dt><dd>${value}</dd></div>`],
  );
  return html`<dl class="figures">${known}</dl>`;
}

/** "252 / 576 ms" */
function writeSpread({ median, p95 }: Spread): string {
  const [first, second] = [writeDuration(median), writeDuration(p95)];
  const unit = second.slice(second.indexOf(' '));
  return `${first.endsWith(unit) ? first.slice(0, -unit.length) : first} / ${second}`;
}
