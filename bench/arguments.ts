import { parseArgs } from 'node:util';
import { SCENARIO_NAMES, type ScenarioName } from '../loadtest/lab/result.ts';
import { Failure } from '../setup/failure.mjs';

export interface NetworkBench {
  kind: 'network';
  /** In the order of the table. */
  scenarios: ScenarioName[];
  /** With the allocation and the worker's estimate switched off: `steps` has to fail. */
  control: boolean;
  /** How long each scenario is judged, s; `steps` has a length of its own. */
  seconds: number;
  /** File for the report. */
  report: string;
  /** File for all recordings and verdicts as JSON. */
  recordings: string | undefined;
  /** Checkout whose focus is tried instead of this one's. */
  focusDir: string | undefined;
}

/** What `sessions` measures, in this order. */
export const SESSION_PARTS = [
  'openid',
  'first-frames',
  'switches',
  'cuts',
  'networks',
  'paths',
  'codecs',
  'app-data',
  'floor',
] as const;
export type SessionPart = (typeof SESSION_PARTS)[number];

export interface SessionsBench {
  kind: 'sessions';
  /** In the order of the table. */
  parts: SessionPart[];
  /** Joins of each way that are measured. */
  joins: number;
}

export interface SignallingBench {
  kind: 'signalling';
  /** Sizes of the calls that the rules are measured in, and of those in which joins are measured with real media. */
  participants: string;
  joins: string;
}

/** What `scale` measures, in this order. */
export const SCALE_PARTS = ['forwarding', 'join', 'capacity', 'soak'] as const;
export type ScalePart = (typeof SCALE_PARTS)[number];

const QUICK_PARTS: ScalePart[] = ['forwarding', 'join'];

/** How many receivers a packet is forwarded to. */
export const RECEIVER_NUMBERS = [50, 200, 500] as const;

/** What `cascade` measures, in this order. */
export const CASCADE_PARTS = ['calls', 'hop', 'bytes', 'layers', 'squeezed', 'cuts', 'refused'] as const;
export type CascadePart = (typeof CASCADE_PARTS)[number];

export interface CascadeBench {
  kind: 'cascade';
  /** In the order of the table. */
  parts: CascadePart[];
  /** Fewer repetitions of each. */
  quick: boolean;
}

/** What `e2ee` measures, in this order. */
export const E2EE_PARTS = ['vectors', 'call', 'cost', 'trunk'] as const;
export type E2eePart = (typeof E2EE_PARTS)[number];

export interface E2eeBench {
  kind: 'e2ee';
  /** In the order of the table. */
  parts: E2eePart[];
  /** In each of which a clear and an encrypted call are compared. */
  rounds: number;
  /** Folder for pictures of the page; none are taken without it. */
  screenshots: string | undefined;
}

export interface ScaleBench {
  kind: 'scale';
  /** In the order of the table. */
  parts: ScalePart[];
  /** What fits in five minutes. */
  quick: boolean;
  /** Numbers of receivers that are forwarded to. */
  receivers: number[];
  soakMinutes: number;
  /** File for the report; none is written without it. */
  report: string | undefined;
}

export type Mode =
  | { kind: 'help' }
  | NetworkBench
  | SessionsBench
  | SignallingBench
  | ScaleBench
  | CascadeBench
  | E2eeBench;

export const USAGE = `npm run -s bench -- network       a call behind bad links of all kinds, judged
    --only steps,loss5            these scenarios alone: ${SCENARIO_NAMES.join(', ')}
    --control                     steps with a focus that controls no congestion: has to fail
    --seconds S                   how long each scenario is judged (30; 30 to 600)
    --report FILE                 where the report goes (network-report.html)
    --recordings FILE             where all that was recorded goes, as JSON
    --focus-dir DIR               tries the focus of another checkout
npm run -s bench -- sessions      how fast sessions start, and what they survive
    --only openid,cuts            these parts alone: ${SESSION_PARTS.join(', ')}
    --joins N                     joins that are measured of each way of signalling (7; 3 to 50)
npm run -s bench -- signalling    what a join, a change, a member event costs the focus, by size of the call
    --participants 10,1000        sizes of the calls (10,100,500,1000)
    --joins-among 10,500          sizes of the calls in which joins are measured with real media (10,500)
npm run -s bench -- scale         what a packet and a join cost, how many fit, and whether it stays so
    --only forwarding,soak        these parts alone: ${SCALE_PARTS.join(', ')}
    --quick                       those parts that fit in 5 minutes, shorter
    --receivers 50,200            forwards to these numbers alone: ${RECEIVER_NUMBERS.join(', ')}
    --soak-minutes M              how long peers come and go (20, quick: 4; 2 to 600)
    --report FILE                 where a report goes
npm run -s bench -- cascade       a call over two foci: what crosses between them, and how fast
    --only hop,bytes              these parts alone: ${CASCADE_PARTS.join(', ')}
    --quick                       fewer repetitions of each part
npm run -s bench -- e2ee          an encrypted call: who can read it, and what that costs
    --only call,trunk             these parts alone: ${E2EE_PARTS.join(', ')}
    --rounds N                    comparisons of a clear and an encrypted call (3; 1 to 20)
    --screenshots DIR             where pictures of the call page go`;

/** Rejects with a Failure that names what is wrong. */
export function readArguments(args: readonly string[]): Mode {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        only: { type: 'string' },
        control: { type: 'boolean', default: false },
        seconds: { type: 'string', default: '30' },
        report: { type: 'string' },
        recordings: { type: 'string' },
        'focus-dir': { type: 'string' },
        joins: { type: 'string', default: '7' },
        participants: { type: 'string', default: '10,100,500,1000' },
        'joins-among': { type: 'string', default: '10,500' },
        quick: { type: 'boolean', default: false },
        receivers: { type: 'string' },
        'soak-minutes': { type: 'string' },
        rounds: { type: 'string', default: '3' },
        screenshots: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    throw new Failure('The arguments are not understood.', `Usage:\n${USAGE}`, { cause });
  }
  const { values, positionals } = parsed;
  if (values.help) return { kind: 'help' };
  const [bench, ...others] = positionals;
  if (bench === 'sessions' && others.length === 0)
    return {
      kind: 'sessions',
      parts: readNames('part', SESSION_PARTS, values.only),
      joins: readNumber('joins', values.joins, 3, 50),
    };
  if (bench === 'signalling' && others.length === 0)
    return {
      kind: 'signalling',
      participants: readSizes('participants', values.participants),
      joins: readSizes('joins-among', values['joins-among']),
    };
  if (bench === 'scale' && others.length === 0) {
    const { quick } = values;
    return {
      kind: 'scale',
      parts: values.only === undefined && quick ? QUICK_PARTS : readNames('part', SCALE_PARTS, values.only),
      quick,
      receivers: readReceivers(values.receivers, quick),
      soakMinutes: readNumber('soak-minutes', values['soak-minutes'] ?? (quick ? '4' : '20'), 2, 600),
      report: values.report,
    };
  }
  if (bench === 'cascade' && others.length === 0)
    return { kind: 'cascade', parts: readNames('part', CASCADE_PARTS, values.only), quick: values.quick };
  if (bench === 'e2ee' && others.length === 0)
    return {
      kind: 'e2ee',
      parts: readNames('part', E2EE_PARTS, values.only),
      rounds: readNumber('rounds', values.rounds, 1, 20),
      screenshots: values.screenshots,
    };
  if (bench !== 'network' || others.length > 0) {
    throw new Failure(`"${positionals.join(' ')}" is no bench.`, `Usage:\n${USAGE}`);
  }
  if (values.control && values.only !== undefined && values.only !== 'steps') {
    throw new Failure('--control plays steps alone.', `Usage:\n${USAGE}`);
  }
  return {
    kind: 'network',
    scenarios: values.control ? ['steps'] : readNames('scenario', SCENARIO_NAMES, values.only),
    control: values.control,
    seconds: readNumber('seconds', values.seconds, 30, 600),
    report: values.report ?? 'network-report.html',
    recordings: values.recordings,
    focusDir: values['focus-dir'],
  };
}

/** `quick`: one of them where no list is given. */
function readReceivers(list: string | undefined, quick: boolean): number[] {
  if (list === undefined) return quick ? [50] : [...RECEIVER_NUMBERS];
  return list.split(',').map(each => readNumber('receivers', each.trim(), 2, 1_000));
}

/** All of them where no list is given. */
function readNames<Name extends string>(kind: string, all: readonly Name[], list: string | undefined): Name[] {
  if (list === undefined) return [...all];
  const named = new Set(list.split(',').map(name => name.trim()));
  const known = all.filter(name => named.delete(name));
  const [unknown] = named;
  if (unknown === undefined && known.length > 0) return known;
  throw new Failure(`--only ${list}: there is no ${kind} "${unknown ?? ''}".`, `Usage:\n${USAGE}`);
}

function readSizes(name: string, list: string): string {
  const sizes = list.split(',').map(size => readNumber(name, size.trim(), 2, 2_000));
  return sizes.join(',');
}

function readNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Failure(`--${name} ${text}: a whole number from ${min} to ${max} is expected.`, `Usage:\n${USAGE}`);
}
