/** What one participant more costs, over the steps that were held. Pure. */
import { writeBytes } from '../../quantity.ts';
import { chartFigure, type Hue, type Series } from '../../report/chart.ts';
import { html, type Markup, NOTHING } from '../../../html/markup.ts';
import { costOf, heldFigures } from '../figures.ts';
import type { RunResult } from '../result.ts';

/** A slope needs steps to stand on. */
const FEWEST_STEPS = 3;

type Cost = 'workerPct' | 'nodePct' | 'rssBytes';

const COSTS: readonly { figure: Cost; name: string; hue: Hue; per: number; write: (slope: number) => string }[] = [
  { figure: 'workerPct', name: 'busiest worker', hue: 'hue-1', per: 1, write: share },
  { figure: 'nodePct', name: 'Node', hue: 'hue-2', per: 1, write: share },
  { figure: 'rssBytes', name: 'memory', hue: 'hue-3', per: 1e6, write: slope => `${writeBytes(slope)}` },
];

export function costSection(result: RunResult): Markup {
  const held = heldFigures(result);
  if (held.length < FEWEST_STEPS) return NOTHING;
  const to = Math.max(...held.map(({ participants }) => participants));
  const known = COSTS.flatMap(cost => {
    const line = costOf(result, cost.figure);
    return line === undefined ? [] : [{ ...cost, line }];
  });
  if (known.length === 0) return NOTHING;
  const seriesOf = (figures: readonly Cost[]): Series[] =>
    known
      .filter(({ figure }) => figures.includes(figure))
      .flatMap(({ figure, name, hue, per, line }): Series[] => [
        {
          name,
          hue,
          look: 'dots',
          points: held.map(step => ({ x: step.participants, value: scaled(step[figure], per) })),
        },
        {
          name: `${name}, line`,
          hue,
          look: 'dashes',
          isUnlisted: true,
          points: [0, to].map(x => ({ x, value: Math.max(0, line.base + line.slope * x) / per })),
        },
      ]);
  const frame = { size: 'half', height: 190, x: { kind: 'count', to }, leastTop: 1 } as const;
  return html`<section class="card"><h2>What one more participant costs</h2>
<dl class="figures">${known.map(
    ({ name, write, line }) => html`<div><dt>${name}</dt><dd>${write(line.slope)}</dd></div>`,
  )}</dl>
<div class="plots">${chartFigure({ ...frame, title: 'CPU by participants, % of one core', series: seriesOf(['workerPct', 'nodePct']) })}${chartFigure({ ...frame, title: 'Memory by participants, MB', series: seriesOf(['rssBytes']) })}</div></section>`;
}

function scaled(value: number | undefined, per: number): number | undefined {
  return value === undefined ? undefined : value / per;
}

/** "0.385 % of a core" */
export function share(percent: number): string {
  return `${Number(percent.toFixed(3))} % of a core`;
}
