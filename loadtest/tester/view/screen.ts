/** The live view as lines of text: (samples, phase, width) → lines. Pure. */
import { writeClock, writePercent, writeRate, writeDuration } from '../../quantity.ts';
import { lastSpread, unhappyPct } from '../figures.ts';
import { type Sample, UNHAPPINESS } from '../result.ts';
import { REASONS } from '../verdict.ts';
import { sparkline } from './bars.ts';
import { cut, harmless, type Line, paint, piece, widthOf } from './paint.ts';
import { describePhase, type Phase } from './phase.ts';
import { type Row, rowsOf } from './rows.ts';
import { testerWarning } from './warnings.ts';

/** What the view is told of a run. */
export interface Watched {
  /** Of the scenario. */
  name: string;
  /** Participants at the end of the ramp. */
  most: number;
  phase: Phase;
  /** Oldest first: the last minute at least, where there was one. */
  samples: readonly Sample[];
}

const LABEL = 13;
const GAP = '   ';
/** With less than this, lines are cut. */
const NARROWEST = 40;

/**
 * No line is wider than `width` columns.
 *
 * @param colours whether colours add to what the characters say
 */
export function renderScreen(watched: Watched, width: number, colours: boolean): string[] {
  const columns = Math.max(NARROWEST, width);
  const lines = [...headLines(watched, columns), ...bodyLines(watched, columns)];
  return lines.map(line => paint(cut(line, Math.max(1, width)), colours));
}

function headLines({ name, phase, samples }: Watched, columns: number): Line[] {
  const title: Line = [piece('weir-loadtest', 'accent'), piece(`  ${harmless(name)}`, 'strong')];
  const clock = piece(writeClock(samples.at(-1)?.atMs ?? 0), 'strong');
  const room = Math.max(2, columns - widthOf(title) - clock.text.length);
  return [[...title, piece(' '.repeat(room)), clock], [piece(harmless(describePhase(phase)), 'plain')], []];
}

function bodyLines({ most, samples }: Watched, columns: number): Line[] {
  const latest = samples.at(-1);
  if (latest === undefined) return [];
  const spark = columns >= 100 ? 30 : columns >= 76 ? 20 : 12;
  const rows = rowsOf(samples, latest, most, { line: columns - LABEL, meter: columns >= 100 ? 10 : 6 });
  const warning = testerWarning(latest.tester);
  return [
    ...rows.flatMap(row => rowLines(row, columns, spark)),
    ...(warning === undefined ? [] : wrapped(warning, columns - LABEL).map(text => label('', [piece(text, 'warn')]))),
  ];
}

/** As many lines as its chunks need; the sparkline stands at the end of the first. */
function rowLines({ label: name, chunks, spark }: Row, columns: number, sparkWidth: number): Line[] {
  const room = columns - LABEL - (spark === undefined ? 0 : sparkWidth + 2);
  const lines: Line[] = [];
  for (const chunk of chunks) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + GAP.length + widthOf(chunk) <= room) {
      lines[lines.length - 1] = [...last, piece(GAP), ...chunk];
    } else lines.push(chunk);
  }
  return lines.map((line, index) => {
    if (index > 0 || spark === undefined) return label(index === 0 ? name : '', line);
    const pad = ' '.repeat(Math.max(0, room - widthOf(line)) + 2);
    return label(name, [...line, piece(pad), piece(sparkline(spark.values, sparkWidth, spark.top), spark.tone)]);
  });
}

function label(name: string, line: Line): Line {
  return [piece(name.padEnd(LABEL), 'soft'), ...line];
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The same in one line, for logs. */
export function renderLine({ phase, samples }: Watched): string {
  const latest = samples.at(-1);
  const clock = `[${writeClock(latest?.atMs ?? 0).padStart(7)}]`;
  if (latest === undefined) return `${clock} ${harmless(describePhase(phase))}`;
  const reasons = UNHAPPINESS.filter(reason => latest.unhappy[reason] > 0).map(
    reason => `${REASONS[reason]} ${latest.unhappy[reason]}`,
  );
  const firstMedia = lastSpread(samples, 'firstMediaMs');
  const { focus, homeserver, tester } = latest;
  const parts = [
    `${latest.connected} of ${latest.wanted} in, ${latest.failed} failed`,
    `unhappy ${[writePercent(unhappyPct(latest)), ...reasons].join(', ')}`,
    ...(firstMedia === undefined ? [] : [`first media ${writeDuration(firstMedia.median)}`]),
    `in ${writeRate(latest.bitrateIn)}`,
    `loss ${writePercent(latest.lostPct)}`,
    ...(focus === undefined ? [] : [`focus ${writePercent(focus.cpuPct)}`]),
    ...(focus?.workerPct === undefined ? [] : [`worker ${writePercent(focus.workerPct)}`]),
    ...(homeserver === undefined ? [] : [`homeserver ${writePercent(homeserver.cpuPct)}`]),
    `tester ${writePercent(tester.busiestThreadPct)}`,
  ];
  const warning = testerWarning(tester);
  return `${clock} ${harmless(describePhase(phase))}: ${parts.join('; ')}${warning === undefined ? '' : ` ! ${warning}`}`;
}
