/** Scenarios by the names of their files. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { readScenario, type ScenarioProblem } from '../scenario/read.ts';
import type { Scenario } from '../scenario/schema.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'scenarios');

/** Those that come with the tester. */
export function scenarioNames(): string[] {
  return readdirSync(FOLDER)
    .filter(file => extname(file) === '.yaml')
    .map(file => basename(file, '.yaml'))
    .toSorted();
}

export type LoadedScenario =
  | { kind: 'ok'; scenario: Scenario }
  | { kind: 'bad'; file: string; problems: ScenarioProblem[] };

/** One of those that come with the tester, by its name, or any other by its path. */
export function loadScenario(nameOrFile: string): LoadedScenario {
  const file = scenarioNames().includes(nameOrFile) ? join(FOLDER, `${nameOrFile}.yaml`) : nameOrFile;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    const message = `there is no such file, and no scenario of that name: ${scenarioNames().join(', ')}`;
    return { kind: 'bad', file: nameOrFile, problems: [{ path: '', message }] };
  }
  const read = readScenario(text);
  return read.kind === 'ok' ? read : { ...read, file };
}
