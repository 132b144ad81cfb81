import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BUILD_PACKAGES } from '../setup/worker/build.ts';
import { parseDockerfile } from './dockerfile.ts';

test('reads stages, continuations and lists', () => {
  const stages = parseDockerfile(`
# A comment
FROM debian AS first
RUN one \\
 # and one more
 && two
COPY a b ./
FROM first
COPY --from=first /x /y
ENV A=1 \\
    B=two
USER weir
CMD ["run", "--config", "x y"]
EXPOSE 8080/tcp
`);
  expect(stages).toEqual([
    {
      base: 'debian',
      name: 'first',
      instructions: [
        { kind: 'run', script: 'one && two' },
        { kind: 'copy', from: undefined, sources: ['a', 'b'], target: './' },
      ],
    },
    {
      base: 'first',
      name: undefined,
      instructions: [
        { kind: 'copy', from: 'first', sources: ['/x'], target: '/y' },
        { kind: 'env', variables: { A: '1', B: 'two' } },
        { kind: 'user', name: 'weir' },
        { kind: 'command', args: ['run', '--config', 'x y'] },
        { kind: 'note', text: 'EXPOSE 8080/tcp' },
      ],
    },
  ]);
});

test('refuses what it does not know', () => {
  expect(() => parseDockerfile('FROM a\nARG B')).toThrow('ARG is not known');
  expect(() => parseDockerfile('RUN a')).toThrow('before the first FROM');
});

test('our Dockerfile builds the worker with the packages that the set-up installs, and does not run as root', async () => {
  const stages = parseDockerfile(await readFile(join(import.meta.dirname, 'Dockerfile'), 'utf8'));
  const worker = stages.find(stage => stage.name === 'worker');
  const scripts = worker?.instructions.flatMap(step => (step.kind === 'run' ? [step.script] : [])) ?? [];
  for (const name of BUILD_PACKAGES) expect(scripts[0]).toContain(` ${name}`);
  expect(stages.at(-1)?.instructions).toContainEqual({ kind: 'user', name: 'weir' });
});
