import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkFile } from './check.ts';
import { CONFIG_KEYS, type Key } from './keys.ts';
import { readConfig } from './load.ts';
import { sampleConfig } from './sample.ts';

const REQUIRED = { homeserver: { url: 'https://matrix.example.org', user_id: '@focus:example.org' } };

it('is a configuration of exactly the defaults', () => {
  const sample = checkFile(parse(sampleConfig()));
  expect(sample).toEqual(checkFile(REQUIRED));
  expect(sample.kind).toBe('ok');
});

it('loads, with a secret beside it, without a warning', () => {
  const loaded = readConfig(sampleConfig(), '/etc/weir', { WEIR_ACCESS_TOKEN: 'a-token' }, 4);
  expect(loaded).toMatchObject({ kind: 'ok', warnings: [] });
});

it('is the file that stands in the repository (else: npm run generate)', () => {
  expect(readFileSync(new URL('../weir.sample.yaml', import.meta.url), 'utf8')).toBe(sampleConfig());
});

it('holds only valid values behind its comment signs', () => {
  // A key is "#name:"; prose has a space behind the sign.
  const everything = sampleConfig().replaceAll(/^( *)#(?=\S)/gm, '$1');
  expect(checkFile(parse(everything))).toMatchObject({ kind: 'ok' });
});

it('names every key, and every key has a meaning and a default, an example or a word on its absence', () => {
  const everything: unknown = parse(sampleConfig().replaceAll(/^( *)#(?=\S)/gm, '$1'));
  const visit = (key: Key, value: unknown, path: string): void => {
    expect(value, path).toBeDefined();
    if (path !== '') expect(key.notes.description, path).not.toBe('');
    if (key.kind !== 'section') {
      expect(key.notes.default ?? key.notes.example, path).toBeDefined();
      if (key.optional) expect(key.notes.otherwise, path).toBeDefined();
      return;
    }
    for (const [name, child] of key.children) visit(child, Reflect.get(Object(value), name), `${path}.${name}`);
  };
  visit(CONFIG_KEYS, everything, '');
});
