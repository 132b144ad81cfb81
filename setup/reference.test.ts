import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../signalling/wire/errors.ts';
import { DOCUMENTS, TABLES, tablesOf, WHOLE_FILES, withTables } from './reference.ts';

const read = (path: string): string => readFileSync(resolve(import.meta.dirname, '..', path), 'utf8');

const sectionOf = (heading: string): string =>
  read('docs/operating.md').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

describe('documents say what the code does (else: npm run generate)', () => {
  it.each(DOCUMENTS)('%s', path => {
    expect(read(path)).toBe(withTables(read(path)));
  });

  it.each(Object.entries(WHOLE_FILES))('%s', (path, make) => {
    expect(read(path)).toBe(make());
  });

  it('every table stands somewhere', () => {
    expect(DOCUMENTS.flatMap(path => tablesOf(read(path))).sort()).toEqual(Object.keys(TABLES).sort());
  });

  it('every error code has its line, and no other does', () => {
    const codes = [...sectionOf('Error codes').matchAll(/^\| `(WEIR_[A-Z_]+)` \|/gm)].map(([, code]) => code);
    expect(codes).toEqual(Object.keys(ERRORS));
  });

  it('every key of the configuration has its line', () => {
    const keys = [...sectionOf('Configuration keys').matchAll(/^\| `([a-z_]+(?:\.[a-z_]+)*)` \|/gm)].map(
      ([, key]) => key,
    );
    expect(keys).toEqual(
      expect.arrayContaining(['homeserver.url', 'http.tls.key_file', 'media.port_range.max', 'state_dir']),
    );
  });
});

describe('tables', () => {
  it('are put between their markers, and nothing else changes', () => {
    const document = 'before\n<!-- table: metrics -->\nold\n<!-- end of table -->\nafter\n';
    const written = withTables(document);
    expect(written).toContain('| `weir_conferences` | gauge |');
    expect(written).not.toContain('old');
    expect([written.startsWith('before\n<!--'), written.endsWith('-->\nafter\n')]).toEqual([true, true]);
    expect(withTables(written)).toBe(written);
  });

  it('that there are not are refused', () => {
    expect(() => withTables('<!-- table: nonsense -->\n<!-- end of table -->')).toThrow('nonsense');
  });
});
