/** Two runs side by side: what is better in the second, what is worse. Pure. */
import { writeBytes, writeCount, writeDuration, writePercent, writeRate } from '../quantity.ts';
import { costOf, heldFigures, type MeanFigures } from './figures.ts';
import type { Capacity, RunResult, Spread } from './result.ts';

export interface Row {
  figure: string;
  /** As a person reads it: "74 %", "at least 240", or "–" where it is not known. */
  a: string;
  b: string;
  /** b / a; undefined where one of them is not known or a is 0. */
  ratio: number | undefined;
  /** Of b, seen from a. `unknown` where they cannot be compared; `neither` where neither more nor less is better. */
  verdict: 'better' | 'worse' | 'same' | 'neither' | 'unknown';
}

export interface Comparison {
  rows: Row[];
  /** The most participants that both held: what is measured "at" a load is measured there. */
  at: number | undefined;
  /** What to keep in mind: other machines, other scenarios, void runs. */
  notes: string[];
}

const UNKNOWN = '–';

interface Figure {
  title: string;
  write: (value: number) => string;
  better: 'more' | 'less' | 'neither';
  /** Differences up to the larger of them are noise: of the larger value (0 to 1), and in the figure's own unit. */
  sameShare: number;
  sameUpTo: number;
}

const COSTS = [
  ['workerPct', { title: 'busiest worker, for each participant', write: fine, sameUpTo: 0.005 }],
  ['nodePct', { title: 'Node, for each participant', write: fine, sameUpTo: 0.005 }],
  ['rssBytes', { title: 'memory, for each participant', write: writeBytes, sameUpTo: 20_000 }],
] as const;

/** In this order. */
const AT_LOAD: readonly [keyof MeanFigures, Omit<Figure, 'sameShare'>][] = [
  ['cpuPct', { title: 'focus', write: writePercent, better: 'less', sameUpTo: 2 }],
  ['workerPct', { title: 'busiest worker', write: writePercent, better: 'less', sameUpTo: 2 }],
  ['nodePct', { title: 'Node', write: writePercent, better: 'less', sameUpTo: 1 }],
  ['rssBytes', { title: 'memory', write: writeBytes, better: 'less', sameUpTo: 5e6 }],
  ['homeserverPct', { title: 'homeserver', write: writePercent, better: 'less', sameUpTo: 2 }],
  ['lostPct', { title: 'packets lost', write: writePercent, better: 'less', sameUpTo: 0.05 }],
  ['unhappyPct', { title: 'unhappy at worst', write: writePercent, better: 'less', sameUpTo: 0.3 }],
  ['bitrateIn', { title: 'received by all', write: writeRate, better: 'neither', sameUpTo: 0 }],
];

/** How far two runs of the same thing differ on a machine that does other things as well. */
const NOISE = 0.1;
const TIMES_NOISE = 0.2;

export function compare(a: RunResult, b: RunResult): Comparison {
  const at = mostHeldByBoth(a, b);
  const loads = [a, b].map(run => heldFigures(run).find(({ participants }) => participants === at));
  return {
    at,
    notes: notesOn(a, b),
    // What neither run measured is no row.
    rows: [
      capacityRow(a.capacity, b.capacity),
      ...COSTS.map(([figure, look]) =>
        rowOf({ ...look, better: 'less', sameShare: NOISE }, costOf(a, figure)?.slope, costOf(b, figure)?.slope),
      ),
      ...(at === undefined
        ? []
        : AT_LOAD.map(([key, look]) =>
            rowOf({ ...look, title: `${look.title}, at ${at}`, sameShare: NOISE }, loads[0]?.[key], loads[1]?.[key]),
          )),
      ...spreadRows('join', a.joinMs, b.joinMs),
      ...spreadRows('first media', a.firstMediaMs, b.firstMediaMs),
    ].filter(row => row.a !== UNKNOWN || row.b !== UNKNOWN),
  };
}

function mostHeldByBoth(a: RunResult, b: RunResult): number | undefined {
  const inB = new Set(heldFigures(b).map(({ participants }) => participants));
  const both = heldFigures(a).filter(({ participants }) => inB.has(participants));
  return both.length === 0 ? undefined : Math.max(...both.map(({ participants }) => participants));
}

function spreadRows(what: string, a: Spread | undefined, b: Spread | undefined): Row[] {
  const figure = { write: writeDuration, better: 'less', sameShare: TIMES_NOISE, sameUpTo: 30 } as const;
  return [
    rowOf({ ...figure, title: `${what}, median` }, a?.median, b?.median),
    rowOf({ ...figure, title: `${what}, p95` }, a?.p95, b?.p95),
  ];
}

function rowOf({ title, write, ...figure }: Figure, a: number | undefined, b: number | undefined): Row {
  const written = (value: number | undefined): string => (value === undefined ? UNKNOWN : write(value));
  return { figure: title, a: written(a), b: written(b), ratio: ratioOf(a, b), verdict: judged(figure, a, b) };
}

function judged(
  { better, sameShare, sameUpTo }: Pick<Figure, 'better' | 'sameShare' | 'sameUpTo'>,
  a: number | undefined,
  b: number | undefined,
): Row['verdict'] {
  if (a === undefined || b === undefined) return 'unknown';
  if (better === 'neither') return 'neither';
  if (Math.abs(b - a) <= Math.max(sameUpTo, sameShare * Math.max(Math.abs(a), Math.abs(b)))) return 'same';
  return b > a === (better === 'more') ? 'better' : 'worse';
}

function ratioOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || a === 0 ? undefined : b / a;
}

function capacityRow(a: Capacity | undefined, b: Capacity | undefined): Row {
  const held = (capacity: Capacity | undefined): number | undefined =>
    capacity === undefined || capacity.kind === 'void' ? undefined : capacity.held;
  return {
    figure: 'participants held',
    a: writeCapacity(a),
    b: writeCapacity(b),
    ratio: ratioOf(held(a), held(b)),
    verdict: capacityVerdict(a, b),
  };
}

function writeCapacity(capacity: Capacity | undefined): string {
  switch (capacity?.kind) {
    case undefined:
      return UNKNOWN;
    case 'void':
      return 'void';
    case 'found':
      return writeCount(capacity.held);
    case 'at-least':
      return `at least ${writeCount(capacity.held)}`;
  }
}

/** A run that held all it was asked for gives a bound alone: more than what failed elsewhere is better, less says nothing. */
function capacityVerdict(a: Capacity | undefined, b: Capacity | undefined): Row['verdict'] {
  if (a === undefined || b === undefined || a.kind === 'void' || b.kind === 'void') return 'unknown';
  const verdict = judged({ better: 'more', sameShare: 0.05, sameUpTo: 0 }, a.held, b.held);
  if (a.kind === 'found' && b.kind === 'found') return verdict;
  if (a.kind === 'at-least' && b.kind === 'at-least') return a.held === b.held ? 'same' : 'unknown';
  const isDecided = a.kind === 'found' ? b.held > a.held : a.held > b.held;
  return isDecided ? verdict : 'unknown';
}

function notesOn(a: RunResult, b: RunResult): string[] {
  const notes = [
    ['first', a],
    ['second', b],
  ] as const;
  const voids = notes.flatMap(([which, { capacity }]) =>
    capacity?.kind === 'void' ? [`The ${which} run is void: ${capacity.reason}`] : [],
  );
  const differences: [what: string, a: string, b: string][] = [
    ['scenario', `${a.scenario.name}: ${a.scenario.description}`, `${b.scenario.name}: ${b.scenario.description}`],
    ['number of publishers', `${a.scenario.publishers}`, `${b.scenario.publishers}`],
    ['machine', writeMachine(a), writeMachine(b)],
    ['number of testers', `${a.testers}`, `${b.testers}`],
  ];
  return [
    ...voids,
    ...differences.flatMap(([what, ofA, ofB]) => (ofA === ofB ? [] : [`Not the same ${what}: ${ofA} and ${ofB}`])),
  ];
}

export function writeMachine({ machine }: Pick<RunResult, 'machine'>): string {
  return `${machine.cores} cores (${machine.cpu}), ${writeBytes(machine.memoryBytes)}, ${machine.system}, Node ${machine.node}`;
}

/** Shares of a core that one participant takes are small. */
function fine(percent: number): string {
  return `${Number(percent.toFixed(3))} %`;
}
