/** What each row of the live view says of a run so far. Pure. */
import { writeBytes, writeCount, writeDuration, writePercent, writeRate } from '../../quantity.ts';
import { lastSpread, unhappyPct } from '../figures.ts';
import { type ProcessSample, type Sample, UNHAPPINESS } from '../result.ts';
import { REASONS } from '../verdict.ts';
import { meter, rampBar } from './bars.ts';
import { type Line, piece, type Tone } from './paint.ts';

/** One figure with its name and its bar; a row breaks between them alone. */
export type Chunk = Line;

export interface Row {
  label: string;
  chunks: Chunk[];
  /** The last minute, oldest first. */
  spark?: { values: (number | undefined)[]; top?: number; tone: Tone };
}

/** Rows whose bars are as long as there is room for. */
export interface Sizes {
  /** Columns of a line. */
  line: number;
  /** Columns of a small bar. */
  meter: number;
}

const MINUTE = 60;

/** `samples` are of the run so far, or of its last minute at least; not empty. */
export function rowsOf(samples: readonly Sample[], latest: Sample, most: number, sizes: Sizes): Row[] {
  const minute = samples.slice(-MINUTE);
  return [
    { label: 'participants', chunks: [rampBar({ ...latest, most }, sizes.line)] },
    {
      label: '',
      chunks: [
        [piece(writeCount(latest.connected), 'strong'), piece(' in')],
        [piece(`${writeCount(latest.wanted)} wanted`)],
        [piece(`${writeCount(latest.failed)} failed`, latest.failed > 0 ? 'bad' : 'soft')],
        [piece(`ramp ends at ${writeCount(most)}`, 'soft')],
      ],
    },
    unhappyRow(minute, latest),
    spreadRow('join', 'joinMs', samples, minute),
    spreadRow('first media', 'firstMediaMs', samples, minute),
    {
      label: 'bitrate',
      chunks: [
        [piece('in ', 'soft'), piece(writeRate(latest.bitrateIn), 'strong')],
        [piece('out ', 'soft'), piece(writeRate(latest.bitrateOut))],
      ],
      spark: { values: minute.map(({ bitrateIn }) => bitrateIn), tone: 'accent' },
    },
    {
      label: 'loss',
      chunks: [
        [piece(writePercent(latest.lostPct), latest.lostPct > 1 ? 'bad' : 'strong')],
        [piece(`${writeCount(latest.freezes)} freezes`, latest.freezes > 0 ? 'warn' : 'soft')],
      ],
      // Below this height it is noise.
      spark: {
        values: minute.map(({ lostPct }) => lostPct),
        top: topOf(
          minute.map(({ lostPct }) => lostPct),
          1,
        ),
        tone: 'warn',
      },
    },
    ...layerRows(latest, sizes),
    ...focusRows(minute, latest.focus, sizes),
    ...homeserverRows(minute, latest, sizes),
    testerRow(minute, latest, sizes),
  ];
}

function unhappyRow(minute: readonly Sample[], latest: Sample): Row {
  const share = unhappyPct(latest);
  const reasons = UNHAPPINESS.filter(reason => latest.unhappy[reason] > 0).map(reason => [
    piece(`${REASONS[reason]} ${writeCount(latest.unhappy[reason])}`, 'bad'),
  ]);
  return {
    label: 'unhappy',
    chunks: [
      [piece(writePercent(share), share > 0 ? 'bad' : 'good'), piece(` of ${writeCount(latest.receivers)}`, 'soft')],
      ...reasons,
    ],
    spark: { values: minute.map(unhappyPct), top: topOf(minute.map(unhappyPct), 2), tone: 'bad' },
  };
}

function spreadRow(
  label: string,
  of: 'joinMs' | 'firstMediaMs',
  samples: readonly Sample[],
  minute: readonly Sample[],
): Row {
  const spread = lastSpread(samples, of);
  return {
    label,
    chunks:
      spread === undefined
        ? [[piece('–', 'soft')]]
        : [
            [piece('median ', 'soft'), piece(writeDuration(spread.median), 'strong')],
            [piece('p95 ', 'soft'), piece(writeDuration(spread.p95))],
          ],
    spark: { values: minute.map(sample => sample[of]?.median), tone: 'accent' },
  };
}

function topOf(values: readonly number[], atLeast: number): number {
  return Math.max(atLeast, ...values);
}

/** None of a call without pictures. */
function layerRows({ layers, framesPerSecond }: Sample, sizes: Sizes): Row[] {
  const heights = Object.entries(layers)
    .filter(([, count]) => count > 0)
    .toSorted(([a], [b]) => Number(a) - Number(b));
  if (heights.length === 0) return [];
  const all = heights.reduce((sum, [, count]) => sum + count, 0);
  return [
    {
      label: 'layers',
      chunks: [
        ...heights.map(([height, count]) => [
          piece(`${height}p `, 'soft'),
          ...meter(count / all, sizes.meter, 'accent'),
          piece(` ${writeCount(count)}`),
        ]),
        ...(framesPerSecond === undefined ? [] : [[piece(`${framesPerSecond.toFixed(0)} frames/s`, 'soft')]]),
      ],
    },
  ];
}

function focusRows(minute: readonly Sample[], focus: ProcessSample | undefined, sizes: Sizes): Row[] {
  if (focus === undefined) return [];
  const { nodePct, workerPct, loopLagMs } = focus;
  const parts = [
    ...(workerPct === undefined ? [] : [cpuChunk('worker', workerPct, sizes)]),
    ...(nodePct === undefined ? [] : [cpuChunk('Node', nodePct, sizes)]),
  ];
  return [
    {
      label: 'focus',
      chunks: [
        ...(parts.length === 0 ? [cpuChunk('CPU', focus.cpuPct, sizes)] : parts),
        [piece('RSS ', 'soft'), piece(writeBytes(focus.rssBytes))],
        ...(loopLagMs === undefined ? [] : [[piece('lag ', 'soft'), piece(writeDuration(loopLagMs))]]),
      ],
      spark: {
        values: minute.map(sample => sample.focus?.workerPct ?? sample.focus?.cpuPct),
        top: 100,
        tone: toneOfLoad(workerPct ?? focus.cpuPct),
      },
    },
  ];
}

function homeserverRows(minute: readonly Sample[], { homeserver }: Sample, sizes: Sizes): Row[] {
  if (homeserver === undefined) return [];
  return [
    {
      label: 'homeserver',
      chunks: [
        cpuChunk('CPU', homeserver.cpuPct, sizes),
        [piece('RSS ', 'soft'), piece(writeBytes(homeserver.rssBytes))],
      ],
      spark: {
        values: minute.map(sample => sample.homeserver?.cpuPct),
        top: 100,
        tone: toneOfLoad(homeserver.cpuPct),
      },
    },
  ];
}

function testerRow(minute: readonly Sample[], { tester }: Sample, sizes: Sizes): Row {
  return {
    label: 'tester',
    chunks: [
      cpuChunk('thread', tester.busiestThreadPct, sizes),
      [piece('lag ', 'soft'), piece(writeDuration(tester.loopLagMs))],
      ...(tester.machinePct === undefined ? [] : [[piece('machine ', 'soft'), piece(writePercent(tester.machinePct))]]),
      ...(tester.dropped === 0 ? [] : [[piece(`${writeCount(tester.dropped)} dropped`, 'bad')]]),
    ],
    spark: {
      values: minute.map(sample => sample.tester.busiestThreadPct),
      top: 100,
      tone: toneOfLoad(tester.busiestThreadPct),
    },
  };
}

function cpuChunk(name: string, percent: number, sizes: Sizes): Chunk {
  return [
    piece(`${name} `, 'soft'),
    ...meter(percent / 100, sizes.meter, toneOfLoad(percent)),
    piece(` ${writePercent(percent)}`.padStart(6)),
  ];
}

/** @param percent of one core */
function toneOfLoad(percent: number): Tone {
  if (percent >= 90) return 'bad';
  return percent >= 75 ? 'warn' : 'good';
}
