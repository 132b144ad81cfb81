/** `npm run generate`: writes the sample configuration and the tables of the documents anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DOCUMENTS, WHOLE_FILES, withTables } from './reference.ts';

const repository = resolve(import.meta.dirname, '..');

function write(path: string, before: string, after: string): void {
  if (before === after) return;
  writeFileSync(resolve(repository, path), after);
  process.stdout.write(`${path} written\n`);
}

for (const path of DOCUMENTS) {
  const before = readFileSync(resolve(repository, path), 'utf8');
  write(path, before, withTables(before));
}
for (const [path, make] of Object.entries(WHOLE_FILES)) {
  write(path, readFileSync(resolve(repository, path), 'utf8'), make());
}
