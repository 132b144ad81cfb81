/** The parts of the documents that come from the code: tables between markers, and the sample configuration. */
import { stringify } from 'yaml';
import { CONFIG_KEYS, expected, type Key } from '../config/keys.ts';
import { sampleConfig } from '../config/sample.ts';
import { ERRORS } from '../signalling/wire/errors.ts';
import { METRICS } from '../src/observe/figures.ts';

/** Tables by the name that their markers carry: `<!-- table: name -->` to `<!-- end of table -->`. */
export const TABLES: Readonly<Record<string, () => string>> = {
  'configuration keys': () => table(['key', 'default', 'meaning'], keyRows(CONFIG_KEYS, '')),
  'error codes': () =>
    table(
      ['code', 'cause', 'remedy'],
      Object.entries(ERRORS).map(([code, { cause, remedy }]) => [`\`${code}\``, cause, remedy]),
    ),
  metrics: () =>
    table(
      ['metric', 'kind', 'labels', 'meaning'],
      Object.entries(METRICS).map(([name, { kind, labels, help }]) => [
        `\`${name}\``,
        kind,
        labels.map(label => `\`${label}\``).join(', '),
        help,
      ]),
    ),
};

/** Files that are made of the code alone, by path in the repository. */
export const WHOLE_FILES: Readonly<Record<string, () => string>> = { 'weir.sample.yaml': sampleConfig };

/** Documents that hold tables. */
export const DOCUMENTS = ['docs/operating.md'];

const MARKED = /(<!-- table: (?<name>[^>]*?) -->\n)[\s\S]*?(<!-- end of table -->)/g;

/** The document with its tables as the code has them now. Throws where a marker names a table that there is not. */
export function withTables(document: string): string {
  return document.replaceAll(MARKED, (_, begin: string, name: string, end: string) => {
    const make = TABLES[name];
    if (make === undefined) throw new Error(`there is no table "${name}"`);
    return `${begin}\n${make()}\n${end}`;
  });
}

/** Names of the tables that a document holds. */
export function tablesOf(document: string): string[] {
  return [...document.matchAll(MARKED)].map(match => match.groups?.['name'] ?? '');
}

/** @param within the optional section around the key, if any: it is needed only with that */
function keyRows(key: Key, path: string, within?: string): string[][] {
  if (key.kind === 'section') {
    const around = key.optional ? path : within;
    return [...key.children].flatMap(([name, child]) => keyRows(child, path === '' ? name : `${path}.${name}`, around));
  }
  const { description, unit } = key.notes;
  const may = expected(key);
  const bounds = `${may.charAt(0).toUpperCase()}${may.slice(1)}${unit === undefined ? '' : `, in ${unit}`}.`;
  const row = [`\`${path}\``, defaultOf(key, within), may === 'a path' ? description : `${description} ${bounds}`];
  const below = key.kind === 'list' && key.item.kind === 'section' ? keyRows(key.item, `${path}[]`, path) : [];
  return [row, ...below];
}

function defaultOf({ notes, optional }: Key, within: string | undefined): string {
  if (notes.default !== undefined) {
    return `\`${stringify(notes.default, { collectionStyle: 'flow', lineWidth: 0 }).trim()}\``;
  }
  if (optional) return notes.otherwise ?? 'none';
  return within === undefined ? 'needed' : `needed with ${within}`;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}
