/** Scenario files become scenarios here; all that is wrong is told at once, with its path. */
import { Compile } from 'typebox/compile';
import { parse, YAMLParseError } from 'yaml';
import { type Scenario, ScenarioSchema } from './schema.ts';

const validator = Compile(ScenarioSchema);

export interface ScenarioProblem {
  /** `roles[0].count`; empty: the whole file. */
  path: string;
  message: string;
}

export type ReadScenario = { kind: 'ok'; scenario: Scenario } | { kind: 'bad'; problems: ScenarioProblem[] };

/** Never throws. */
export function readScenario(text: string): ReadScenario {
  let input: unknown;
  try {
    input = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    const message = error instanceof YAMLParseError ? error.message : String(error);
    return { kind: 'bad', problems: [{ path: '', message: `not YAML: ${message}` }] };
  }
  if (!validator.Check(input)) {
    const problems = validator.Errors(input).flatMap(problemsOf);
    return { kind: 'bad', problems: problems.length > 0 ? problems : [{ path: '', message: 'must be a section' }] };
  }
  const problems = crossCheck(input);
  return problems.length === 0 ? { kind: 'ok', scenario: input } : { kind: 'bad', problems };
}

interface SchemaError {
  keyword: string;
  instancePath: string;
  message: string;
  params: object;
}

/** Missing and unknown keys get the path of the key itself. */
function problemsOf({ keyword, instancePath, message, params }: SchemaError): ScenarioProblem[] {
  const path = dotted(instancePath);
  const keys = (name: string): string[] => {
    const value: unknown = Reflect.get(params, name);
    return Array.isArray(value) ? value.map(String) : [];
  };
  switch (keyword) {
    case 'required':
      return keys('requiredProperties').map(key => ({ path: joined(path, key), message: 'is missing' }));
    case 'additionalProperties':
      return keys('additionalProperties').map(key => ({
        path: joined(path, key),
        message: 'is not a key of scenarios',
      }));
    case 'boolean':
      // Says of each unknown key once more that it may not be.
      return [];
    default:
      return [{ path, message }];
  }
}

function dotted(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : joined(path, part)), '');
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function crossCheck({ roles, presets }: Scenario): ScenarioProblem[] {
  const problems: ScenarioProblem[] = [];
  const names = new Set<string>();
  let takesRest = false;
  for (const [index, { name, count, publishes }] of roles.entries()) {
    if (names.has(name)) problems.push({ path: `roles[${index}].name`, message: 'is the name of another role, too' });
    names.add(name);
    if (count === undefined && takesRest) {
      problems.push({ path: `roles[${index}].count`, message: 'is missing: one role alone can take the rest' });
    }
    takesRest ||= count === undefined;
    if (publishes.audio?.speaking === undefined && publishes.audio?.turn_s !== undefined) {
      problems.push({ path: `roles[${index}].publishes.audio.turn_s`, message: 'needs speaking beside it' });
    }
  }
  if (!roles.some(({ publishes }) => publishes.audio !== undefined || publishes.video !== undefined)) {
    problems.push({ path: 'roles', message: 'nobody publishes anything' });
  }
  for (const [index, { participants, steps = [] }] of presets.entries()) {
    const last = steps.at(-1);
    if (steps.some((step, at) => at > 0 && step <= (steps[at - 1] ?? 0))) {
      problems.push({ path: `presets[${index}].steps`, message: 'must rise' });
    }
    if (last !== undefined && last !== participants) {
      problems.push({ path: `presets[${index}].steps`, message: `must end with the participants, ${participants}` });
    }
  }
  return problems;
}
