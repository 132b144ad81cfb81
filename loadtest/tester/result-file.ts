/** Reads what a run wrote: whatever is in the file, it is answered with all that is wrong with it. Pure. */
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { RunResult, Sample, Unhappiness } from './result.ts';

export type ReadResult = { kind: 'ok'; result: RunResult } | { kind: 'bad'; problems: string[] };

const SCHEMA_VERSION = 1;

const Amount = Type.Number({ minimum: 0 });
const Count = Type.Integer({ minimum: 0 });
const LimitSchema = Type.Union([
  Type.Literal('worker'),
  Type.Literal('node'),
  Type.Literal('homeserver'),
  Type.Literal('tester'),
]);
const SpreadSchema = Type.Object({ count: Count, median: Amount, p95: Amount, max: Amount });
const ProcessSchema = Type.Object({
  cpuPct: Amount,
  nodePct: Type.Optional(Amount),
  workerPct: Type.Optional(Amount),
  rssBytes: Amount,
  loopLagMs: Type.Optional(Amount),
});

const SampleSchema = Type.Object({
  atMs: Amount,
  wanted: Count,
  invited: Count,
  connected: Count,
  failed: Count,
  receivers: Count,
  unhappy: Type.Object({
    no_first_media: Count,
    audio_loss: Count,
    video_gap: Count,
    no_layer: Count,
  } satisfies Record<Unhappiness, TSchema>),
  bitrateIn: Amount,
  bitrateOut: Amount,
  packetsIn: Amount,
  lostPct: Amount,
  freezes: Count,
  framesPerSecond: Type.Optional(Amount),
  layers: Type.Record(Type.String(), Amount),
  joinMs: Type.Optional(SpreadSchema),
  firstMediaMs: Type.Optional(SpreadSchema),
  focus: Type.Optional(ProcessSchema),
  homeserver: Type.Optional(ProcessSchema),
  tester: Type.Object({
    cpuPct: Amount,
    busiestThreadPct: Amount,
    loopLagMs: Amount,
    dropped: Amount,
    machinePct: Type.Optional(Amount),
    machineSharePct: Type.Optional(Amount),
  }),
});

const StepSchema = Type.Object({
  fromMs: Amount,
  toMs: Amount,
  participants: Count,
  unhappyPct: Amount,
  outcome: Type.Union([Type.Literal('held'), Type.Literal('failed'), Type.Literal('void')]),
  reason: Type.Optional(Type.String()),
});

const ResultSchema = Type.Object({
  schema: Type.Literal(SCHEMA_VERSION),
  startedAt: Type.String({ minLength: 1 }),
  durationMs: Amount,
  scenario: Type.Object({ name: Type.String(), description: Type.String(), publishers: Count, most: Count }),
  target: Type.Object({ homeserver: Type.String(), focusUser: Type.String(), focusDevice: Type.String() }),
  machine: Type.Object({
    cpu: Type.String(),
    cores: Count,
    memoryBytes: Amount,
    system: Type.String(),
    node: Type.String(),
  }),
  testers: Count,
  samples: Type.Array(SampleSchema),
  steps: Type.Array(StepSchema),
  capacity: Type.Optional(
    Type.Union([
      Type.Object({ kind: Type.Literal('found'), held: Count, failedAt: Count, limit: LimitSchema }),
      Type.Object({ kind: Type.Literal('at-least'), held: Count }),
      Type.Object({ kind: Type.Literal('void'), limit: LimitSchema, reason: Type.String() }),
    ]),
  ),
  joinMs: Type.Optional(SpreadSchema),
  firstMediaMs: Type.Optional(SpreadSchema),
  canary: Type.Optional(
    Type.Object({ framesDecoded: Amount, freezes: Amount, concealedPct: Amount, isHappy: Type.Boolean() }),
  ),
  notes: Type.Array(Type.String()),
  failures: Type.Array(Type.String()),
});

const validator = Compile(ResultSchema);

/** `text` is the content of the file. Never throws. */
export function readResult(text: string): ReadResult {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    return bad([`It is no JSON: ${error instanceof Error ? error.message : String(error)}`]);
  }
  if (!isObject(input)) return bad(['It is JSON, but no object.']);
  const { schema } = input;
  if (typeof schema === 'number' && schema > SCHEMA_VERSION) {
    return bad([
      `It has schema ${schema}; this version reads schema ${SCHEMA_VERSION}. Read it with the load tester that wrote it, or a newer one.`,
    ]);
  }
  if (validator.Check(input)) return { kind: 'ok', result: withAbsentKeys(input) };
  return bad(problemsOf(input));
}

function bad(problems: string[]): ReadResult {
  return { kind: 'bad', problems };
}

/** JSON has no undefined. */
function withAbsentKeys(read: Static<typeof ResultSchema>): RunResult {
  return {
    ...read,
    samples: read.samples.map(
      (sample): Sample => ({
        ...sample,
        framesPerSecond: sample.framesPerSecond,
        joinMs: sample.joinMs,
        firstMediaMs: sample.firstMediaMs,
        focus: sample.focus,
        homeserver: sample.homeserver,
      }),
    ),
    capacity: read.capacity,
    joinMs: read.joinMs,
    firstMediaMs: read.firstMediaMs,
    canary: read.canary,
  };
}

// Part by part: a validator tells of its first few errors alone.
const HEAD = Object.entries(ResultSchema.properties)
  .filter(([name]) => name !== 'samples' && name !== 'steps')
  .map(([name, schema]) => ({ name, schema, validator: Compile(Type.Object({ [name]: schema })) }));
const sampleValidator = Compile(SampleSchema);
const stepValidator = Compile(StepSchema);

interface Found {
  path: string;
  message: string;
}

interface Errors {
  Errors(value: unknown): { instancePath: string; message: string; params: object }[];
}

function problemsOf(input: Record<string, unknown>): string[] {
  const found = [
    ...HEAD.flatMap(part => errorsOf(part.validator, part.name in input ? { [part.name]: input[part.name] } : {}, '')),
    ...listErrors('samples', input['samples'], sampleValidator),
    ...listErrors('steps', input['steps'], stepValidator),
  ];
  return gathered(found);
}

function listErrors(name: string, list: unknown, of: Errors): Found[] {
  if (!Array.isArray(list)) return [{ path: name, message: list === undefined ? 'is missing' : 'must be array' }];
  return list.flatMap((item, index) => errorsOf(of, item, `${name}[${index}]`));
}

function errorsOf(of: Errors, value: unknown, under: string): Found[] {
  return of.Errors(value).flatMap(({ instancePath, message, params }) => {
    const path = under + instancePath.replaceAll(/\/(\d+)(?=\/|$)/g, '[$1]').replaceAll('/', '.');
    const missing: unknown = Reflect.get(params, 'requiredProperties');
    if (Array.isArray(missing)) return missing.map(key => ({ path: `${path}.${String(key)}`, message: 'is missing' }));
    return [{ path, message }];
  });
}

/** The same fault in a thousand samples is one line. */
function gathered(found: readonly Found[]): string[] {
  const alike = Map.groupBy(found, ({ path, message }) => `${path.replaceAll(/\[\d+\]/g, '[]')} ${message}`);
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const path = (first.path.replace(/^\./, '') || 'it').slice(0, 200);
    return [`${path}: ${first.message}${others.length === 0 ? '' : ` (and in ${others.length} places more)`}`];
  });
}

function isObject(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}
