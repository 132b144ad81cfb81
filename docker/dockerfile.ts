import { Failure } from '../setup/failure.mjs';

/** An instruction of a Dockerfile that makes or changes files, or says how the result is run. */
export type Instruction =
  | { kind: 'run'; script: string }
  | { kind: 'copy'; from: string | undefined; sources: string[]; target: string }
  | { kind: 'workdir'; path: string }
  | { kind: 'env'; variables: Record<string, string> }
  | { kind: 'user'; name: string }
  | { kind: 'entrypoint' | 'command'; args: string[] }
  /** Tells the engine something; changes nothing in the files. */
  | { kind: 'note'; text: string };

export interface Stage {
  /** Name of another stage, or of an image. */
  base: string;
  name: string | undefined;
  instructions: Instruction[];
}

/** Reads the instructions that ours uses. Throws a Failure at any other, so that nothing is left out without a word. */
export function parseDockerfile(text: string): Stage[] {
  const stages: Stage[] = [];
  for (const line of logicalLines(text)) {
    const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(line) ?? [];
    if (word === 'FROM') {
      const [, base = '', name] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
      stages.push({ base, name, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (!stage) throw new Failure(`${word} stands before the first FROM.`, 'Correct the Dockerfile.');
    stage.instructions.push(parseInstruction(word, rest));
  }
  return stages;
}

function parseInstruction(word: string, rest: string): Instruction {
  switch (word) {
    case 'RUN':
      return { kind: 'run', script: rest };
    case 'COPY': {
      const [, from, paths = ''] = /^(?:--from=(\S+)\s+)?(.*)$/s.exec(rest) ?? [];
      const words = paths.split(/\s+/);
      return { kind: 'copy', from, sources: words.slice(0, -1), target: words.at(-1) ?? '' };
    }
    case 'WORKDIR':
      return { kind: 'workdir', path: rest };
    case 'ENV':
      return { kind: 'env', variables: Object.fromEntries(rest.split(/\s+/).map(readAssignment)) };
    case 'USER':
      return { kind: 'user', name: rest };
    case 'ENTRYPOINT':
      return { kind: 'entrypoint', args: readList(rest) };
    case 'CMD':
      return { kind: 'command', args: readList(rest) };
    case 'EXPOSE':
    case 'VOLUME':
    case 'HEALTHCHECK':
      return { kind: 'note', text: `${word} ${rest}` };
    default:
      throw new Failure(`The instruction ${word} is not known here.`, 'Teach docker/dockerfile.ts to read it.');
  }
}

/** Without comments and empty lines, each with its continuations. */
function logicalLines(text: string): string[] {
  return text
    .split('\n')
    .filter(line => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n');
}

function readAssignment(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new Failure(`ENV ${text} is no assignment.`, 'Write ENV NAME=value.');
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function readList(text: string): string[] {
  const list: unknown = JSON.parse(text);
  if (Array.isArray(list) && list.every(word => typeof word === 'string')) return list;
  throw new Failure(`${text} is no list of words.`, 'Write it as a JSON array.');
}
