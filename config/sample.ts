/** weir.yaml with every key, its default, unit and meaning. */
import { stringify } from 'yaml';
import { CONFIG_KEYS, expected, type Key, type Section } from './keys.ts';

/** Columns of a comment. */
const WIDTH = 110;

const HEAD = `# Configuration of weir: every key there is.
# Keys behind "#" may be left out; take the "#" away to set them. The others show their defaults, but for
# homeserver.url and homeserver.user_id, which have none and are needed.
# Relative paths count from the directory of this file. Secrets do not belong here: name a file that holds one, or
# set WEIR_ACCESS_TOKEN or WEIR_PASSWORD. "weir check-config" says everything that is wrong.
`;

/** The text of `weir sample-config`. With a secret beside it, it is a valid configuration of exactly the defaults. */
export function sampleConfig(): string {
  return [HEAD, ...childLines(CONFIG_KEYS, '', '')].join('\n') + '\n';
}

/** @param off '#' below a key that is commented out, else '' */
function childLines(section: Section, indent: string, off: '' | '#'): string[] {
  return [...section.children].flatMap(([name, key], index) => [
    ...(index === 0 ? [] : ['']),
    ...keyLines(name, key, indent, off === '#' || key.optional ? '#' : ''),
  ]);
}

function keyLines(name: string, key: Key, indent: string, off: '' | '#'): string[] {
  const about = noteLines(key)
    .flatMap(note => wrap(note, WIDTH - indent.length - 2))
    .map(line => `${indent}# ${line}`);
  if (key.kind === 'section') return [...about, `${indent}${off}${name}:`, ...childLines(key, `${indent}  `, off)];
  const yaml = stringify({ [name]: key.notes.default ?? key.notes.example }, { lineWidth: 0 });
  return [
    ...about,
    ...yaml
      .trimEnd()
      .split('\n')
      .map(line => indent + off + line),
  ];
}

function noteLines(key: Key): string[] {
  const { description, unit, otherwise } = key.notes;
  if (key.kind === 'section') return [description];
  const may = expected(key);
  const bounds = may.charAt(0).toUpperCase() + may.slice(1) + (unit === undefined ? '.' : `, in ${unit}.`);
  return [
    description,
    ...(may === 'a path' ? [] : [bounds]),
    ...(otherwise === undefined ? [] : [`Left out: ${otherwise}.`]),
  ];
}

/** Lines of whole words, none longer than `width` unless one word is. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
