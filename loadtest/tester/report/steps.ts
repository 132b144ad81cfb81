/** The steps of a run as a table. Pure. */
import { writeBytes, writeClock, writeCount, writePercent, writeRate } from '../../quantity.ts';
import { html, type Markup, NOTHING } from '../../../html/markup.ts';
import { meanFigures } from '../figures.ts';
import type { HeldStep, RunResult, Sample } from '../result.ts';

const TONES: Record<HeldStep['outcome'], string> = { held: 'good', failed: 'bad', void: 'void' };

export function stepTable({ steps, samples }: RunResult): Markup {
  if (steps.length === 0) return NOTHING;
  return html`<section class="card"><h2>Steps</h2>
<table class="rows"><thead><tr>${['Participants', 'Outcome', 'Held', 'Unhappy at worst', 'Lost', 'Received', 'Worker', 'Node', 'Memory', 'Homeserver'].map(title => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${steps.map(step => stepRow(step, samples))}</tbody></table></section>`;
}

function stepRow(step: HeldStep, samples: readonly Sample[]): Markup {
  const figures = meanFigures(samples, step);
  const cells: [title: string, value: string][] = [
    ['Held', writeClock(step.toMs - step.fromMs)],
    ['Unhappy at worst', writePercent(step.unhappyPct)],
    ['Lost', known(figures.lostPct, writePercent)],
    ['Received', known(figures.bitrateIn, writeRate)],
    ['Worker', known(figures.workerPct, writePercent)],
    ['Node', known(figures.nodePct, writePercent)],
    ['Memory', known(figures.rssBytes, writeBytes)],
    ['Homeserver', known(figures.homeserverPct, writePercent)],
  ];
  return html`<tr><th scope="row">${writeCount(step.participants)}</th><td data-label="Outcome"><span class="pill ${TONES[step.outcome]}">${step.outcome}</span></td>${cells.map(
    ([title, value]) => html`<td data-label="${title}">${value}</td>`,
  )}</tr>${step.reason === undefined ? NOTHING : html`<tr class="reason"><td colspan="10">${step.reason}</td></tr>`}
`;
}

function known(value: number | undefined, write: (value: number) => string): string {
  return value === undefined ? '–' : write(value);
}
