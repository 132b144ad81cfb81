/** Fills in the defaults of a parsed weir.yaml and reports everything that is wrong with it, at once. */
import { Compile } from 'typebox/compile';
import { Check } from 'typebox/value';
import type { Problem } from './config.ts';
import { CONFIG_KEYS, expected, type Key, type List, type Section, type Value } from './keys.ts';
import { nearest } from './nearest.ts';
import { type ConfigFile, ConfigSchema } from './schema.ts';

const validator = Compile(ConfigSchema);
/** A file that is wrong everywhere is not a configuration; enough is enough. */
const MAX_PROBLEMS = 200;

/** `input` is what a YAML parser made of the file. Never throws. Messages hold no texts of the file: they could be secrets. */
export function checkFile(input: unknown): { kind: 'ok'; file: ConfigFile } | { kind: 'bad'; problems: Problem[] } {
  const problems: Problem[] = [];
  const filled = fill(CONFIG_KEYS, input, '', problem => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
  });
  if (problems.length > 0) return { kind: 'bad', problems };
  if (validator.Check(filled)) return { kind: 'ok', file: filled };
  return {
    kind: 'bad',
    problems: validator.Errors(filled).map(error => ({ path: error.instancePath, message: error.message })),
  };
}

type Report = (problem: Problem) => void;

/** The value of `key` with defaults; `undefined` where it is absent or wrong. An empty YAML value (null) counts as absent. */
function fill(key: Key, input: unknown, path: string, report: Report): unknown {
  if (input === undefined || input === null) return fillAbsent(key, path, report);
  switch (key.kind) {
    case 'section':
      return fillSection(key, input, path, report);
    case 'list':
      return fillList(key, input, path, report);
    case 'value':
      return fillValue(key, input, path, report);
  }
}

function fillAbsent(key: Key, path: string, report: Report): unknown {
  if (key.notes.default !== undefined) return structuredClone(key.notes.default);
  if (key.optional) return undefined;
  if (key.kind === 'section') return fillSection(key, {}, path, report);
  report({ path, message: `is missing; it must be ${expected(key)}` });
  return undefined;
}

function fillSection(section: Section, input: unknown, path: string, report: Report): unknown {
  if (!isPlainObject(input)) {
    report({ path, message: `must be ${expected(section)}, but is ${kindOf(input)}` });
    return undefined;
  }
  for (const name of Object.keys(input)) {
    if (!section.children.has(name)) report({ path: join(path, name), message: unknownKey(name, section) });
  }
  const filled: Record<string, unknown> = {};
  for (const [name, child] of section.children) {
    const value = fill(child, Object.hasOwn(input, name) ? input[name] : undefined, join(path, name), report);
    if (value !== undefined) filled[name] = value;
  }
  return filled;
}

function fillList(list: List, input: unknown, path: string, report: Report): unknown {
  if (!Array.isArray(input)) {
    report({ path, message: `must be ${expected(list)}, but is ${kindOf(input)}` });
    return undefined;
  }
  const items: unknown[] = input;
  if (items.length < list.minItems || items.length > list.maxItems) {
    report({ path, message: `must have ${list.minItems} to ${list.maxItems} entries, but has ${items.length}` });
    return undefined;
  }
  return items.map((item, index) => fill(list.item, item, `${path}[${index}]`, report));
}

function fillValue(value: Value, input: unknown, path: string, report: Report): unknown {
  const holds = Check(value.schema, input) && (value.rule === undefined || value.rule.holds(String(input)));
  if (holds) return input;
  report({ path, message: `must be ${expected(value)}, but is ${kindOf(input)}` });
  return undefined;
}

function unknownKey(name: string, section: Section): string {
  const secret = /^(access_?token|token|password|secret)$/i.test(name);
  if (secret) {
    const kind = /password/i.test(name) ? 'password' : 'access_token';
    return (
      `does not belong here: secrets are not read from this file. Put it into a file of its own and name that in ` +
      `homeserver.${kind}_file, or into the environment variable WEIR_${kind.toUpperCase()}`
    );
  }
  const near = nearest(name, section.children.keys());
  const hint = near === undefined ? `known here: ${[...section.children.keys()].join(', ')}` : `did you mean ${near}?`;
  return `is not a key of weir; ${hint}`;
}

function join(path: string, name: string): string {
  // A key of the file may hold anything; it is shown, so keep it short and on its line.
  const shown = /^[\w-]{1,64}$/.test(name) ? name : JSON.stringify(name.slice(0, 64));
  return path === '' ? shown : `${path}.${shown}`;
}

function isPlainObject(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function kindOf(input: unknown): string {
  if (typeof input === 'number' || typeof input === 'boolean') return String(input);
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a section';
  return input === '' ? 'empty' : 'another text';
}
